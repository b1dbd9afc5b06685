/** The walk of an SDK that asks the broker as STS: its environment, its program, over TLS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { toObject } from '../support/declared.ts';
import { runModule } from '../support/node-program.ts';
import { createOssClient, credentialOf, ossRefusal } from '../support/oss-client.ts';
import { startTlsFront } from '../support/tls-front.ts';
import type { Block } from './pages.ts';
import { runShell } from './shell.ts';
import type { World } from './world.ts';

const PRINT_CREDENTIAL = `
console.log(JSON.stringify({
  AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: securityToken,
}));
`;

/** The program gets a credential that is good for the caller's prefix, and for nothing else. */
export async function checkOidcRoleArn(
  blocks: { readonly environment: Block; readonly program: Block },
  world: World,
): Promise<void> {
  const { broker } = world;
  const folder = mkdtempSync(join(tmpdir(), 'oidc-role-arn-'));
  const front = await startTlsFront(broker.url);
  try {
    const shell = await runShell(`${blocks.environment.text}\nenv`, {
      folder,
      environment: { TOKEN: await world.token('app') },
    });
    const variables = shell.stdout
      .split('\n')
      .filter((line) => line.startsWith('ALIBABA_CLOUD_'))
      .map((line): [string, string] => [
        line.slice(0, line.indexOf('=')),
        line.slice(line.indexOf('=') + 1),
      ]);
    const program = blocks.program.text.replace('broker.example.com', front.host);
    const run = await runModule(`${program}${PRINT_CREDENTIAL}`, {
      ...Object.fromEntries(variables),
      NODE_EXTRA_CA_CERTS: front.caFile,
    });
    expect({ shell: shell.code, run: run.code, stderr: run.stderr }).toEqual({
      shell: 0,
      run: 0,
      stderr: '',
    });
    const credential = credentialOf(toObject(JSON.parse(run.stdout)));
    const oss = createOssClient(broker.simulator.oss.url, credential);

    expect(program).not.toBe(blocks.program.text);
    expect((await oss.put('users/42/report.csv', Buffer.from('1,2'))).res.status).toBe(200);
    expect(await ossRefusal(oss.put('users/43/report.csv', Buffer.from('1,2')))).toBe(
      'AccessDenied',
    );
  } finally {
    await front.close();
    rmSync(folder, { recursive: true });
  }
}
