/** The code for a WeChat mini program, over real HTTP. Only `wx` is a stand-in. */
import { cp, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../support/broker.ts';
import { EXAMPLES } from './support/install.ts';

const folder = inject('wechat');
const CODE = join(EXAMPLES, 'wechat', 'upload.js');

interface RequestOptions {
  readonly url: string;
  readonly header: Readonly<Record<string, string>>;
  success(answer: { readonly statusCode: number; readonly data: unknown }): void;
  fail(problem: { readonly errMsg: string }): void;
}

interface UploadOptions extends RequestOptions {
  readonly filePath: string;
  readonly name: string;
  readonly formData: Readonly<Record<string, string>>;
}

type Listener = (update: { readonly progress: number }) => void;
type Upload = (options: object) => Promise<string>;

/** As the documentation of mini programs has the two: JSON is parsed, and the fields of a form come before the file. */
const wx = {
  request({ url, header, success, fail }: RequestOptions): void {
    fetch(url, { headers: header }).then(
      async (response) => success({ statusCode: response.status, data: await response.json() }),
      (error: unknown) => fail({ errMsg: `request:fail ${String(error)}` }),
    );
  },
  uploadFile(options: UploadOptions) {
    const listeners: Listener[] = [];
    sendForm(options).then(
      (answer) => {
        for (const listener of listeners) listener({ progress: 100 });
        options.success(answer);
      },
      (error: unknown) => options.fail({ errMsg: `uploadFile:fail ${String(error)}` }),
    );
    return { onProgressUpdate: (listener: Listener) => void listeners.push(listener) };
  },
};

async function sendForm({ url, filePath, name, formData }: UploadOptions) {
  const form = new FormData();
  for (const [field, value] of Object.entries(formData)) form.set(field, value);
  form.set(name, new Blob([await readFile(filePath)]));
  const coded = new Response(form);
  const type = coded.headers.get('content-type') ?? '';
  const body = Buffer.from(await coded.arrayBuffer());
  const { host, port, pathname: path } = new URL(url);
  return new Promise<{ statusCode: number; data: string }>((resolve, reject) => {
    // not every machine knows the names below localhost
    const headers = { host, 'content-type': type, 'content-length': body.length };
    const sent = request({ method: 'POST', host: '127.0.0.1', port, path, headers }, (response) => {
      let data = '';
      response.on('data', (chunk) => {
        data += chunk;
      });
      response.on('end', () => resolve({ statusCode: response.statusCode ?? 0, data }));
    });
    sent.on('error', reject).end(body);
  });
}

let broker: TestBroker;
let upload: Upload;

beforeAll(async () => {
  const config = SIMPLE_CONFIG.replace('"{{oss}}"', '"http://localhost:{{ossPort}}"');
  broker = await startTestBroker({ config, longestSessionSeconds: 3 });
  if (folder === null) return;
  Object.assign(globalThis, { wx });
  const copy = join(folder, 'upload.js');
  await cp(CODE, copy);
  upload = createRequire(copy)(copy).upload;
});

afterAll(() => broker.close());

const options = (sub: string) => ({
  brokerUrl: broker.url,
  grant: 'user-files',
  getSubjectToken: () => broker.issuer.token({ sub }),
  filePath: CODE,
  name: 'photo.jpg',
});

describe.skipIf(folder === null)('the code for a mini program', () => {
  it('uploads a file with a form, with a new credential each time, and says how far it is', async () => {
    const shares: number[] = [];
    const onProgress = (share: number) => shares.push(share);
    const key = await upload({ ...options('wechat'), onProgress });
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await upload({ ...options('wechat'), onProgress });
    const calls = broker.simulator.oss.calls.filter((call) => call.key === key);

    expect(key).toBe('users/wechat/photo.jpg');
    expect(calls.map(({ method, status }) => [method, status])).toEqual([
      ['POST', 204],
      ['POST', 204],
    ]);
    expect(new Set(calls.map(({ accessKeyId }) => accessKeyId)).size).toBe(2);
    expect(shares).toEqual([1, 1]);
  });

  it('tells the code of OSS and of the broker, and nothing of the subject token', async () => {
    const above = await upload({ ...options('wechat-above'), name: '../neighbour/photo.jpg' });
    const refused = upload({ ...options('wechat-refused'), grant: 'no-such-grant' });

    // OSS takes a key as it is
    expect(above).toBe('users/wechat-above/../neighbour/photo.jpg');
    await expect(refused).rejects.toThrow(/^the broker refuses: no_grant \(request [\w-]+\)$/);
    await expect(upload({ ...options('wechat-nowhere'), filePath: '/nowhere' })).rejects.toThrow(
      'uploadFile:fail',
    );
  });

  it('cannot use a form for a neighbour, whatever its policy says', async () => {
    const { request: ask } = wx;
    const toNeighbour = (data: unknown) =>
      JSON.parse(JSON.stringify(data).replaceAll('/wechat-thief/', '/wechat-victim/'));
    wx.request = (sent) =>
      ask({
        ...sent,
        success: ({ data, ...rest }) => sent.success({ ...rest, data: toNeighbour(data) }),
      });

    await expect(upload(options('wechat-thief'))).rejects.toThrow('OSS refuses: AccessDenied');
    wx.request = ask;
  });
});
