/** Makes grants, trusted issuers and subject tokens as typed objects, with defaults for members that a test omits. */
import type {
  Allowance,
  AttributeRule,
  Grammar,
  Grant,
  Permission,
  TargetTemplate,
  TrustedIssuer,
} from '../../src/config/config.ts';
import type { Claims, SubjectToken } from '../../src/ports.ts';

const MAX_LENGTHS = { name: 64, uuid: 36, email: 254, subject: 128, path: 256 } as const;

/** A grammar by its name, with the config's default for its length. */
export function makeGrammar(
  kind: keyof typeof MAX_LENGTHS,
  maxLength: number = MAX_LENGTHS[kind],
): Grammar {
  return { kind, maxLength };
}

/** An attribute that reads the claim of the same name with the grammar `name`. */
export function makeAttribute(name: string, overrides: Partial<AttributeRule> = {}): AttributeRule {
  return { name, claim: [name], hash: false, grammar: makeGrammar('name'), ...overrides };
}

export function makeIssuer(overrides: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return {
    name: 'app',
    issuer: 'https://login.example.com/',
    audiences: ['oss-token-broker'],
    keys: { kind: 'discovery' },
    algorithms: ['RS256'],
    types: ['jwt'],
    maxTokenAgeSeconds: 86_400,
    clockToleranceSeconds: 30,
    attributes: [makeAttribute('user', { claim: ['sub'] })],
    ...overrides,
  };
}

/** Splits `oss://bucket/literal/{attribute}/` into its parts, without the checks of the config. */
export function makeTemplate(text: string): TargetTemplate {
  const [, bucket = '', key = ''] = /^oss:\/\/([^/]*)\/(.*)$/s.exec(text) ?? [];
  const parts = key
    .split(/[{}]/)
    .map((part, index) => (index % 2 === 0 ? part : { attribute: part }))
    .filter((part) => part !== '');
  return { text, bucket, key: parts };
}

export function makeAllowance(
  target: string,
  permissions: readonly Permission[] = ['read'],
  actions: readonly string[] = [],
): Allowance {
  return { target: makeTemplate(target), permissions, actions };
}

export function makeGrant(overrides: Partial<Grant> = {}): Grant {
  return {
    name: 'user-files',
    issuer: 'app',
    when: [],
    role: 'acs:ram::123456789012:role/oss-uploader',
    allow: [makeAllowance('oss://app-media/users/{user}/', ['read', 'write', 'list'])],
    duration: { defaultSeconds: 900, maxSeconds: 3600, strict: false },
    restrict: { https: true },
    publicAcl: 'deny',
    ...overrides,
  };
}

/** Claims as verification returns them: parsed JSON without a prototype. */
export function makeClaims(members: Claims): Claims {
  return Object.assign(Object.create(null), members);
}

export function makeToken(overrides: Partial<SubjectToken> = {}): SubjectToken {
  const subject = overrides.subject ?? 'user-1';
  return {
    issuer: makeIssuer(),
    claims: makeClaims({ sub: subject }),
    subject,
    issuedAt: 1_800_000_000,
    expiresAt: 1_800_003_600,
    ...overrides,
  };
}
