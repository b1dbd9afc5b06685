import { testBundleUnder } from './black-box.ts';

testBundleUnder('platform');
