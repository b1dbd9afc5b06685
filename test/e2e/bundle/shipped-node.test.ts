import { testBundleUnder } from './black-box.ts';

testBundleUnder('shipped');
