/** Reads what `explain` explains: a subject token, or a file of claims. */
import { lookup } from 'node:dns';
import { readFileSync } from 'node:fs';
import type { Config, TrustedIssuer } from '../../config/config.ts';
import type { TokenInput } from '../../explain/check-token.ts';
import { type JsonObject, parseJsonObject } from '../../lib/strict-json.ts';
import { createFetchIssuer } from '../../subject-token/keys/issuer-fetch.ts';
import { createVerifySubjectToken } from '../../subject-token/verify-subject-token.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { createSubjectTokenSource } from '../subject-token/token-source.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { attempt } from './attempt.ts';

interface Surroundings {
  readonly machine: Machine;
  readonly config: Config;
  /** The clock of the decision, in milliseconds since the epoch. */
  readonly nowMs: number;
}

interface ExplainInput {
  readonly input: TokenInput;
  /** What was put in where the claims have nothing. */
  readonly assumed: readonly string[];
}

const ASSUMED_LIFE_SECONDS = 3600;

/** Throws a CliError if there is no token, or no object of claims. */
export async function readExplainInput(
  args: Arguments,
  around: Surroundings,
): Promise<ExplainInput> {
  const path = args.text('claims');
  if (path !== undefined) return readClaims(path, args, around);
  const compactJws = await createSubjectTokenSource(args, around.machine)();
  if (!args.has('verify')) return { input: { kind: 'token', compactJws }, assumed: [] };
  const { machine, config, nowMs } = around;
  const verify = createVerifySubjectToken({
    issuers: config.issuers,
    now: () => nowMs,
    random: machine.random,
    fetchIssuer: createFetchIssuer({ lookup }),
    observe: () => {},
  });
  return { input: { kind: 'token', compactJws, verify }, assumed: [] };
}

function readClaims(path: string, args: Arguments, { config, nowMs }: Surroundings): ExplainInput {
  const bytes = attempt(
    () => readFileSync(path),
    (code) => `${path} cannot be read (${code})`,
  );
  const parsed = parseJsonObject(bytes);
  if (!parsed.ok) throw new CliError(EXIT.failed, `${path} ${parsed.problem}`);
  const issuer = findIssuer(args.text('issuer'), parsed.value, config);
  const { claims, assumed } = complete(parsed.value, issuer, nowMs);
  return { input: { kind: 'claims', claims, issuer }, assumed };
}

function findIssuer(
  name: string | undefined,
  { iss }: JsonObject,
  { issuers }: Config,
): TrustedIssuer {
  const [only, another] = issuers;
  if (name === undefined && iss === undefined && another === undefined && only !== undefined) {
    return only;
  }
  const found = issuers.find((issuer) =>
    name === undefined ? issuer.issuer === iss : issuer.name === name,
  );
  if (found !== undefined) return found;
  const names = issuers.map((issuer) => issuer.name).join(', ');
  throw new CliError(
    EXIT.usage,
    `--issuer names one of ${names}. See oss-token-broker explain --help`,
  );
}

/** Puts in the registered claims that every token has, where the file has none. */
function complete(
  claims: JsonObject,
  { issuer, audiences, name }: TrustedIssuer,
  nowMs: number,
): { readonly claims: JsonObject; readonly assumed: readonly string[] } {
  const iat = Math.floor(nowMs / 1000);
  const usual: JsonObject = {
    iss: issuer,
    aud: audiences[0],
    iat,
    exp: iat + ASSUMED_LIFE_SECONDS,
  };
  const added = Object.entries(usual).filter(([claim]) => !(claim in claims));
  const { iss } = claims;
  if (iss !== undefined && iss !== issuer) {
    throw new CliError(EXIT.usage, `The claims have another iss than issuer "${name}".`);
  }
  return {
    claims: Object.assign(Object.create(null), claims, Object.fromEntries(added)),
    assumed: added.map(([claim, value]) => `claim ${claim} is ${JSON.stringify(value)}`),
  };
}
