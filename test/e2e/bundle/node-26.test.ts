import { testBundleUnder } from './black-box.ts';

testBundleUnder('node26');
