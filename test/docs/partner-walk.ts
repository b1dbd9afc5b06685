/** The steps of docs/partners.md, done as the page says, in a folder of the partner's own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { TICKET_ENVIRONMENT } from '../support/credential-urls.ts';
import { toObject } from '../support/declared.ts';
import type { TestIssuer } from '../support/issuer.ts';
import { everyCallerConfig, toList, toSimulated } from './configs.ts';
import { type Block, blockWith } from './pages.ts';
import { runShell, type ShellRun } from './shell.ts';

const PAGE = 'docs/partners.md';

export const STEPS = {
  keyProgram: blockWith(PAGE, 'js', 'generateKeyPairSync'),
  makeKey: blockWith(PAGE, 'sh', 'make-key.mjs 2026-11'),
  tokenProgram: blockWith(PAGE, 'js', 'randomUUID'),
  makeToken: blockWith(PAGE, 'sh', 'TOKEN='),
  getSubjectToken: blockWith(PAGE, 'js', 'getSubjectToken'),
  makeNextKey: blockWith(PAGE, 'sh', 'make-key.mjs 2026-12'),
  removeOldKey: blockWith(PAGE, 'sh', 'jwks.next'),
} as const satisfies Readonly<Record<string, Block>>;

const CONFIG = blockWith(PAGE, 'yaml', 'jwks:');
const UPLOAD = blockWith('README.md', 'sh', 'ossutil');

export interface Partner {
  readonly folder: string;
  /** Runs commands of the page, with the programs that the page says to save. */
  run(text: string, environment?: Readonly<Record<string, string>>): Promise<ShellRun>;
  /** Makes a subject token as the page says, after these changes to the program. */
  token(change?: (program: string) => string, keyId?: string): Promise<string>;
  /** Makes a subject token and uploads, in one shell. */
  upload(broker: TestBroker, command?: string): Promise<ShellRun>;
  /** What the partner gives to the operator. */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  leave(): void;
}

/** Saves the programs of the page. */
export function startPartner(): Partner {
  const folder = mkdtempSync(join(tmpdir(), 'partner-'));
  writeFileSync(join(folder, 'make-key.mjs'), STEPS.keyProgram.text);
  writeFileSync(join(folder, 'subject-token.mjs'), STEPS.tokenProgram.text);
  const run = (text: string, environment: Readonly<Record<string, string>> = {}) =>
    runShell(text, { folder, environment, real: ['node'] });
  return {
    folder,
    run,
    async token(change = (program) => program, keyId = '2026-11') {
      const changed = change(STEPS.tokenProgram.text);
      writeFileSync(join(folder, 'subject-token.mjs'), changed);
      const command = STEPS.makeToken.text.replace('2026-11', keyId);
      const { stdout, stderr } = await run(`${command}printf %s "$TOKEN"`);
      writeFileSync(join(folder, 'subject-token.mjs'), STEPS.tokenProgram.text);
      if (stderr !== '') throw new Error(stderr);
      return stdout;
    },
    upload: (broker, command = STEPS.makeToken.text) =>
      run(`${command}${UPLOAD.text}`, { BROKER_URL: broker.url, GRANT: 'acme-reports' }),
    jwks() {
      const { keys } = toObject(JSON.parse(readFileSync(join(folder, 'jwks.json'), 'utf8')));
      return { keys: toList(keys).map(toObject) };
    },
    leave: () => rmSync(folder, { recursive: true }),
  };
}

/** The page's `getSubjectToken` in this process, where a test can move the clock. */
export async function loadGetSubjectToken(partner: Partner): Promise<() => Promise<string>> {
  const path = join(partner.folder, 'get-subject-token.mjs');
  writeFileSync(path, `${STEPS.getSubjectToken.text}export { getSubjectToken };\n`);
  const { getSubjectToken } = await import(pathToFileURL(path).href);
  return async () => String(await getSubjectToken());
}

type Keys = { readonly jwks: object } | { readonly publishedBy: TestIssuer };

/** The broker of the operator, who copied the config of the page and the partner's keys. */
export function startOperator(
  keys: Keys,
  changes: { readonly issuer?: object; readonly grant?: object; readonly limits?: object } = {},
): Promise<TestBroker> {
  const { issuers, grants } = toObject(parse(CONFIG.text));
  const { jwks: _shown, ...issuer } = toObject(toList(issuers)[0]);
  const source = 'jwks' in keys ? { jwks: keys.jwks } : { jwksUri: keys.publishedBy.jwksUri };
  const { limits } = changes;
  const config = {
    ...everyCallerConfig(),
    buckets: { 'app-media': { region: 'cn-hangzhou' } },
    issuers: [{ ...issuer, ...source, ...changes.issuer }],
    grants: toList(grants).map((grant) => ({ ...toObject(grant), ...changes.grant })),
    ...(limits === undefined ? {} : { limits }),
  };
  return startTestBroker({
    config: toSimulated(config, { issuers: {} }),
    environment: TICKET_ENVIRONMENT,
  });
}
