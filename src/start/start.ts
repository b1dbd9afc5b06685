/** The first file that runs in production: loads the broker beside it, through its code cache. */
import { dirname } from 'node:path';
import { createBundledScripts } from './bundled-script.ts';

const [, self = ''] = process.argv;
createBundledScripts(dirname(self)).load('broker.cjs');
