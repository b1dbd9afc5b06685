/** The examples in Python, with the SDKs of PyPI. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { checkUploads, type Example } from './support/check-uploads.ts';
import { EXAMPLES } from './support/install.ts';
import { run } from './support/run.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

const python = inject('python');
let world: ClientWorld;

beforeAll(async () => {
  world = await startClientWorld();
});

afterAll(() => world.close());

const program = (file: string, hasMultipart = true): Example => ({
  hasMultipart,
  command: (environment, args) => ({
    path: python?.path ?? '',
    args: [join(EXAMPLES, 'python', file), ...args],
    environment: { ...python?.environment, ...environment },
  }),
});

describe.skipIf(python === null)('alibabacloud-oss-v2', () => {
  checkUploads('python', () => world, program('upload.py'));
});

describe.skipIf(python === null)('oss2', () => {
  checkUploads('oss2', () => world, program('upload_oss2.py'));
});

describe.skipIf(python === null)('Python alone', () => {
  it('sends the subject token to no host that the broker redirects to', async () => {
    const tokens: unknown[] = [];
    const answer = (location?: string) => (request: IncomingMessage, response: ServerResponse) => {
      tokens.push(request.headers.authorization);
      response
        .writeHead(location === undefined ? 403 : 302, location ? { location } : {})
        .end('{}');
    };
    const other = await listen(answer());
    const broker = await listen(answer(other.url));
    const ask = `from broker import Broker; Broker("${broker.url}", lambda: "subject-token").credential()`;
    const { stderr } = await run({
      path: python?.path ?? '',
      args: ['-S', '-c', ask],
      cwd: join(EXAMPLES, 'python'),
      environment: { PYTHONDONTWRITEBYTECODE: '1' },
    }).end();
    other.close();
    broker.close();

    expect(stderr).toContain('BrokerError');
    expect(tokens).toEqual(['Bearer subject-token', undefined]);
  });

  checkUploads('stdlib', () => world, {
    hasMultipart: false,
    command: (environment, args) => ({
      path: python?.path ?? '',
      // -S: no package that is installed is seen
      args: ['-S', join(EXAMPLES, 'python', 'upload_stdlib.py'), ...args],
      environment: { PYTHONDONTWRITEBYTECODE: '1', ...environment },
    }),
  });
});

async function listen(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
