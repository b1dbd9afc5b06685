/** The quick start of the README: `npm run dev` starts, and the walk that it prints leads where it says. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toObject } from '../support/declared.ts';
import { type RunningDev, startDev } from '../support/dev.ts';
import { paste, SHELLS } from '../support/interactive-shell.ts';
import { blockWith, ROOT } from './pages.ts';
import { missingPrograms } from './shell.ts';

/** What a test cannot do without. */
const hasCurl = missingPrograms('curl ').length === 0;

let dev: RunningDev;
/** Takes the usual port of the broker, if nothing else has it. */
const squatter = createServer();

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    squatter.once('error', () => resolve());
    squatter.listen(9000, '127.0.0.1', resolve);
  });
  dev = await startDev();
});

afterAll(async () => {
  await dev?.close();
  squatter.close();
});

describe('npm run dev', () => {
  it('says that a usual port is taken, and which port is used instead', () => {
    const { port } = new URL(dev.brokerUrl);

    expect(port).not.toBe('9000');
    expect(dev.text).toContain(`usual port 9000, which is taken: broker, now on ${port}.`);
  });

  it('names the origin whose pages may call the broker', async () => {
    const { headers } = await fetch(`${dev.brokerUrl}/v1/credentials`, {
      method: 'OPTIONS',
      headers: { Origin: 'http://localhost:5173', 'Access-Control-Request-Method': 'GET' },
    });

    expect(dev.text).toContain('Pages of http://localhost:5173 may call the broker');
    expect(headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
  });
});

describe.skipIf(missingPrograms('').length > 0)('the token command of docs/config.md', () => {
  it('prints a token with the claims that it names', async () => {
    const { text } = blockWith('docs/config.md', 'sh', 'dev:token');
    const command = text.split('\n').find((line) => line.includes('dev:token')) ?? '';
    const { port } = new URL(dev.issuersUrl);
    // another start may have the usual port
    const { stdout } = await promisify(execFile)(
      'bash',
      ['-c', command.replace(' -- ', ` -- --port ${port} `)],
      { cwd: ROOT },
    );

    expect(decodeJwt(stdout.trim())).toMatchObject({
      iss: 'https://login.example.com/',
      sub: '42',
      plan: 'pro',
      seats: 3,
      groups: ['design'],
    });
  });
});

describe.each(SHELLS)('the walk of npm run dev, pasted into $name', (shell) => {
  it.skipIf(shell.program === null || !hasCurl)(
    'uploads with a credential, and shows three refusals',
    async () => {
      const { stdout, stderr } = await paste(shell, dev.walk, ROOT);
      const lines = stdout.split('\n').filter((line) => /^(?:\{|\d{3} )/.test(line));
      const [credential = '', ...outcomes] = lines;

      expect(stderr).not.toMatch(/not found|unmatched|parse error|syntax error/i);
      expect(toObject(JSON.parse(credential))).toMatchObject({ StatusCode: 200 });
      expect(outcomes.slice(0, -1)).toEqual([
        '200 users/alice/hello.txt',
        '403 AccessDenied users/bob/hello.txt',
        '403 AccessDenied users/alice2/hello.txt',
      ]);
      expect(JSON.parse(outcomes.at(-1) ?? '')).toMatchObject({ code: 'target_outside_grant' });
    },
    60_000,
  );
});
