/** The examples of the client kit run, with the package that is published and the real SDKs. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { type Block, blockWith, ROOT } from './pages.ts';
import type { Rule } from './rules.ts';
import type { World } from './world.ts';

const PAGE = 'docs/client.md';
const CREDENTIAL = {
  accessKeyId: expect.stringMatching(/^STS\./),
  accessKeySecret: expect.stringMatching(/./),
};
/** Under node_modules, so that it is nobody's source, and the SDKs are found. */
const FOLDER = `${ROOT}node_modules/.cache/docs-client-${process.pid}`;
const PACKAGE = `${FOLDER}/node_modules/oss-token-broker`;
let loaded = 0;

/** Runs an example behind the ones that it builds on, and gives what it declares. */
async function run(blocks: readonly Block[], world: World, caller: 'app' | 'acme' = 'app') {
  if (!existsSync(PACKAGE)) {
    execFileSync(process.execPath, ['--import', 'tsx', 'tools/build-package.ts', PACKAGE], {
      cwd: ROOT,
    });
  }
  loaded += 1;
  const path = `${FOLDER}/${loaded}.mjs`;
  const tokenFile = `${FOLDER}/token-${loaded}`;
  const token = await world.token(caller);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(tokenFile, `${token}\n`);
  Object.assign(process.env, { BROKER_URL: world.broker.url, TOKEN_FILE: tokenFile });
  Object.assign(globalThis, {
    getSubjectToken: async () => token,
    file: Buffer.alloc(300_000, 'x'),
  });
  const text = blocks.map((block) => block.text).join('\n');
  const names = [...text.matchAll(/^const (?:(\w+)|\{ ([\w, ]+) \}) =/gm)].flatMap(
    ([, name, several]) => (name === undefined ? (several?.split(', ') ?? []) : [name]),
  );
  const moved = text.replaceAll("'https://broker.example.com'", JSON.stringify(world.broker.url));
  writeFileSync(path, `${moved}\nexport { ${names.join(', ')} };\n`);
  return import(pathToFileURL(path).href);
}

const covers = (part: string) => (block: Block) =>
  block.page === PAGE && block.language === 'js' && block.text.includes(part);

/** The example for pages makes the source that most others use. */
const runAfterPage = (block: Block, world: World) =>
  run([blockWith(PAGE, 'js', 'getSubjectToken,'), block], world);

const page: Rule = {
  name: 'a page that uploads with the kit',
  covers: covers('getSubjectToken,'),
  async check(block, world) {
    const { client } = await run([block], world);

    expect((await client.get('users/42/video.mp4')).content).toHaveLength(300_000);
  },
};

const program: Rule = {
  name: 'a program of Node that uploads with the kit',
  covers: covers('TOKEN_FILE'),
  async check(block, world) {
    const { grant } = await run([block], world, 'acme');

    expect(grant.name).toBe('acme-reports');
    expect(world.broker.auditLines().at(-1)).toMatchObject({
      decision: 'granted',
      requested: { grant: 'acme-reports', permissions: 'write' },
    });
  },
};

const alicloud: Rule = {
  name: 'a provider for @alicloud/credentials',
  covers: covers('forAlicloud'),
  async check(block, world) {
    expect(await runAfterPage(block, world)).toMatchObject(CREDENTIAL);
  },
};

const aws: Rule = {
  name: 'a client of the AWS SDK',
  covers: covers('forAws'),
  async check(block, world) {
    const { s3 } = await runAfterPage(block, world);
    const { accessKeyId, secretAccessKey } = await s3.config.credentials();
    const { hostname } = await s3.config.endpoint();

    expect({ accessKeyId, accessKeySecret: secretAccessKey }).toEqual(CREDENTIAL);
    expect(hostname).toBe('s3.oss-cn-hangzhou.aliyuncs.com');
    expect(await s3.config.requestChecksumCalculation()).toBe('WHEN_REQUIRED');
  },
};

const errors: Rule = {
  name: 'an explanation of errors',
  covers: covers('const explain'),
  async check(block, world) {
    const { explain, source } = await runAfterPage(block, world);
    expect(await source.get()).toMatchObject(CREDENTIAL);
    const { BrokerError } = await import(`${PACKAGE}/client/index.js`);

    expect(
      explain(new BrokerError({ code: 'ambiguous_grant', status: 400, grants: ['a', 'b'] })),
    ).toBe('Choose one of a, b.');
    expect(explain(new BrokerError({ code: 'rate_limited', status: 429, retryAfter: 7 }))).toBe(
      'Please wait 7 seconds.',
    );
    expect(explain(new BrokerError({ code: 'no_grant', status: 403, requestId: 'r-1' }))).toBe(
      'Something went wrong (no_grant, r-1).',
    );
    expect(() => explain(new TypeError('a defect'))).toThrow('a defect');
  },
};

const signedUrl: Rule = {
  name: 'a URL that is signed with the credential in use',
  covers: covers('signatureUrlV4'),
  async check(block, world) {
    const { link, source } = await runAfterPage(block, world);
    const { accessKeyId } = await source.get();

    expect(new URL(link).pathname).toBe('/users/42/video.mp4');
    expect(new URL(link).searchParams.get('x-oss-credential')?.split('/')[0]).toBe(accessKeyId);
  },
};

export const CLIENT_RULES: readonly Rule[] = [page, program, alicloud, aws, errors, signedUrl];

/** Removes what the rules have built. */
export function removeClient(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}
