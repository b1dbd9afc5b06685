/** Builds the config from what the operator wrote: applies defaults, converts units and checks cross-references. */
import type {
  AttributeRule,
  Bucket,
  ClaimPath,
  Condition,
  Config,
  Grammar,
  Grant,
  Mode,
  SurfaceSettings,
  TrustedIssuer,
} from '../config/config.ts';
import type { BucketInput, ConfigInput } from './config-schema.ts';
import { buildCredentialUrls } from './credential-urls-schema.ts';
import { parseDuration } from './durations.ts';
import type { GrantInput } from './grant-schema.ts';
import type { IssuerInput } from './issuer-schema.ts';
import { buildDeny } from './limits-schema.ts';
import { parseTargetTemplate } from './target-template.ts';

/** Reports what is wrong at a path. The path is relative to the part that is being built. */
export type Report = (path: readonly PropertyKey[], message: string) => void;

const MAX_LENGTHS = { name: 64, uuid: 36, email: 254, subject: 128, path: 256 } as const;
/** Base32 of a SHA-256. */
const HASHED: Grammar = { kind: 'custom', characters: 'a-z2-7', maxLength: 52 };
const ATTRIBUTE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;

export function buildBucket(name: string, input: BucketInput): Bucket {
  const { region, cname } = input;
  return { name, region, cname, endpoint: toEndpoint(region, input.endpoint) };
}

function toEndpoint(region: string, endpoint: string | undefined): string {
  if (endpoint === undefined) return `https://oss-${region}.aliyuncs.com`;
  if (endpoint === 'internal') return `https://oss-${region}-internal.aliyuncs.com`;
  if (endpoint === 'accelerate') return 'https://oss-accelerate.aliyuncs.com';
  // the schema takes whatever URL has no path once it is parsed, such as one that ends in "/any/.."
  return new URL(endpoint).origin;
}

export function buildIssuer(input: IssuerInput, report: Report): TrustedIssuer {
  const { name, issuer, audiences, algorithms } = input;
  if (input.jwksUri !== undefined && input.jwks !== undefined) {
    report(['jwks'], 'cannot be used together with jwksUri; remove one of the two');
  }
  for (const [index, key] of (input.jwks?.keys ?? []).entries()) {
    const problem = privateKeyProblem(key);
    if (problem !== undefined) report(['jwks', 'keys', index], problem);
  }
  return {
    name,
    issuer,
    audiences,
    algorithms,
    keys: toKeySource(input),
    ...(input.privateNetwork === true ? { privateNetwork: true } : {}),
    types: input.types.map((type) => type.toLowerCase().replace(/^application\//, '')),
    maxTokenAgeSeconds: toSeconds(input.maxTokenAge),
    clockToleranceSeconds: toSeconds(input.clockTolerance),
    ...buildKillSwitches(input),
    ...(input.oneTimeTokens === true ? { oneTimeTokens: true } : {}),
    attributes: Object.entries(input.attributes).map(([attributeName, attribute]) =>
      buildAttribute(attributeName, attribute, (path, message) =>
        report(['attributes', attributeName, ...path], message),
      ),
    ),
  };
}

/** Members of a JWK that are secret: RFC 7518 sections 6.2.2, 6.3.2 and 6.4, RFC 8037 section 2. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Says why a JWK must not be in the config: whoever reads the config could sign subject tokens. */
function privateKeyProblem(key: object): string | undefined {
  if ('kty' in key && key.kty === 'oct') {
    return 'is a symmetric key, and anyone who verifies with it can also sign; use the public key of an asymmetric pair';
  }
  const secret = SECRET_MEMBERS.filter((member) => member in key);
  return secret.length === 0
    ? undefined
    : `is a private key; remove ${secret.join(', ')}, and replace the key pair if this file was shared`;
}

function toKeySource({ jwksUri, jwks }: IssuerInput): TrustedIssuer['keys'] {
  if (jwks !== undefined) return { kind: 'jwks', jwks };
  return jwksUri === undefined ? { kind: 'discovery' } : { kind: 'jwksUri', uri: jwksUri };
}

function buildAttribute(
  name: string,
  input: IssuerInput['attributes'][string],
  report: Report,
): AttributeRule {
  if (!ATTRIBUTE_NAME.test(name)) {
    report([], 'must have a name of at most 32 letters, digits and "_", beginning with a letter');
  }
  const isHash = input.as === 'hash';
  if (isHash && (input.grammar !== undefined || input.maxLength !== undefined)) {
    report(
      [],
      'has a grammar or a maxLength together with as: hash; remove them, since a hash always has the same form',
    );
  }
  return {
    name,
    claim: toClaimPath(input.claim),
    hash: isHash,
    grammar: isHash ? HASHED : toGrammar(input),
  };
}

function toGrammar({ grammar = 'name', maxLength }: IssuerInput['attributes'][string]): Grammar {
  return typeof grammar === 'string'
    ? { kind: grammar, maxLength: maxLength ?? MAX_LENGTHS[grammar] }
    : { kind: 'custom', ...grammar, ...(maxLength === undefined ? {} : { maxLength }) };
}

export function toClaimPath(input: string | readonly string[]): ClaimPath {
  const [first = '', ...others] = typeof input === 'string' ? [input] : input;
  return [first, ...others];
}

/** Builds a grant. Returns undefined if a target is invalid. */
export function buildGrant(
  input: GrantInput,
  known: { readonly buckets: readonly string[]; readonly issuer: TrustedIssuer | undefined },
  report: Report,
): Grant | undefined {
  const allow = input.allow.flatMap((allowance, index) => {
    const reportHere: Report = (path, message) => report(['allow', index, ...path], message);
    const { buckets, issuer } = known;
    const parsed = parseTargetTemplate(allowance.target, {
      buckets,
      attributes: issuer?.attributes,
    });
    if ('problems' in parsed) {
      for (const problem of parsed.problems) reportHere(['target'], problem);
      return [];
    }
    if (allowance.permissions.length + allowance.actions.length === 0) {
      reportHere([], 'allows nothing; add permissions, e.g. permissions: [read, write]');
    }
    if (allowance.permissions.includes('list') && !/\/$/.test(allowance.target)) {
      reportHere(
        ['permissions'],
        'has list, but a single object cannot be listed; end the target with "/", or remove list',
      );
    }
    const { permissions, actions } = allowance;
    return [{ target: parsed.template, permissions, actions }];
  });
  const duration = {
    defaultSeconds: toSeconds(input.duration.default),
    maxSeconds: toSeconds(input.duration.max),
    strict: input.duration.strict,
  };
  if (duration.defaultSeconds > duration.maxSeconds) {
    report(
      ['duration'],
      `has a default (${input.duration.default}) above its max (${input.duration.max}); lower the default, or raise the max`,
    );
  }
  const [first, ...others] = allow;
  if (first === undefined || allow.length < input.allow.length) return undefined;
  const { name, issuer, role, publicAcl, restrict } = input;
  const { https, sourceIp } = restrict;
  return {
    name,
    issuer,
    when: input.when.map(buildCondition),
    role,
    ...(input.externalId === undefined ? {} : { externalId: input.externalId }),
    allow: [first, ...others],
    duration,
    restrict: { https, ...(sourceIp === undefined ? {} : { sourceIp }) },
    publicAcl,
    ...buildKillSwitches(input),
    ...keepReportMode(input),
    ...(input.disabled === true ? { disabled: true } : {}),
  };
}

function buildKillSwitches(
  input: IssuerInput | GrantInput,
): Pick<Grant, 'tokensValidAfter' | 'deny'> {
  const { tokensValidAfter } = input;
  const deny = buildDeny(input.deny);
  return {
    ...(tokensValidAfter === undefined
      ? {}
      : { tokensValidAfter: Math.ceil(Date.parse(tokensValidAfter) / 1000) }),
    ...(deny === undefined ? {} : { deny }),
  };
}

function buildCondition(input: GrantInput['when'][number]): Condition {
  const common = { claim: toClaimPath(input.claim), ...keepReportMode(input) };
  if ('equals' in input) return { ...common, operator: 'equals', value: input.equals };
  if ('in' in input) return { ...common, operator: 'in', values: input.in };
  if ('contains' in input) return { ...common, operator: 'contains', value: input.contains };
  if ('startsWith' in input) return { ...common, operator: 'startsWith', value: input.startsWith };
  return { ...common, operator: 'exists', value: input.exists };
}

/** `mode: enforce` is the default. It is left out, so that both spellings give the same revision. */
function keepReportMode({ mode }: { mode?: Mode | undefined }): { readonly mode?: 'report' } {
  return mode === 'report' ? { mode } : {};
}

/** Converts a duration that the schema has already accepted. */
function toSeconds(text: string): number {
  return parseDuration(text) ?? 0;
}

/** Keeps what is on. The rest is left out, so that every spelling of off gives the same revision. */
export function buildSurfaces(input: ConfigInput['surfaces']): Pick<Config, 'surfaces'> {
  const { tokenExchange, aws, sts, credentialUrls } = input ?? {};
  const surfaces: SurfaceSettings = {
    ...(tokenExchange === true ? { tokenExchange } : {}),
    ...(aws === true ? { aws } : {}),
    ...buildStsSurface(sts),
    ...(credentialUrls === undefined
      ? {}
      : { credentialUrls: buildCredentialUrls(credentialUrls) }),
  };
  return Object.keys(surfaces).length === 0 ? {} : { surfaces };
}

function buildStsSurface(
  input: boolean | { oidcProviderArn?: string | undefined } | undefined,
): Pick<SurfaceSettings, 'sts'> {
  if (input === undefined || input === false) return {};
  const { oidcProviderArn } = input === true ? {} : input;
  return { sts: oidcProviderArn === undefined ? {} : { oidcProviderArn } };
}

export function buildSts(input: {
  network: Config['sts']['network'];
  endpoint?: string | undefined;
  timeout: string;
}): Config['sts'] {
  const { network, endpoint, timeout } = input;
  const timeoutMs = toSeconds(timeout) * 1000;
  return {
    network,
    timeoutMs,
    ...(endpoint === undefined ? {} : { endpoint: endpoint.replace(/\/$/, '') }),
  };
}
