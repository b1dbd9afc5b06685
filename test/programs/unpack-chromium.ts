/** Unpacks the Chromium of npm into the folder for temporary files; `chromium.ts` starts it. */
import chromium from '@sparticuz/chromium';

await chromium.executablePath();
