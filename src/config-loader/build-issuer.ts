/** Builds a trusted issuer from what the operator wrote: its keys, its bounds and its attributes. */
import type { AttributeRule, Grammar, TrustedIssuer } from '../config/config.ts';
import { buildKillSwitches } from './build-kill-switches.ts';
import { toClaimPath } from './claim-path.ts';
import type { Report } from './config-problems.ts';
import { toSeconds } from './durations.ts';
import type { IssuerInput } from './issuer-schema.ts';

const MAX_LENGTHS = { name: 64, uuid: 36, email: 254, subject: 128, path: 256 } as const;
/** Base32 of a SHA-256. */
const HASHED: Grammar = { kind: 'custom', characters: 'a-z2-7', maxLength: 52 };
const ATTRIBUTE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;

/** Reports what the schema cannot see: keys from two places, private keys, and attributes that contradict themselves. */
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
