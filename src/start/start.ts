/** Runs first in production: loads the broker from the same folder, through its code cache. */
import { dirname } from 'node:path';
import { createBundledScripts } from './bundled-script.ts';

const [, self = ''] = process.argv;
createBundledScripts(dirname(self)).load('broker.cjs');
