/** Checks that no claims and no request lead to a session policy that allows more than the grant means. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Allowance, Grant, Permission } from '../../src/config/config.ts';
import { fitGrant } from '../../src/grants/fit-grant.ts';
import { narrowAllowances } from '../../src/grants/narrow-allowances.ts';
import { chooseSourceIps } from '../../src/grants/source-ips.ts';
import { formatTarget, parseTarget } from '../../src/grants/target.ts';
import type { Claims } from '../../src/ports.ts';
import { RefusalError } from '../../src/refusal.ts';
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import { renderSessionPolicy } from '../../src/session-policy/session-policy.ts';
import { type Attempt, aim, attemptPlan, toAccessRequest } from '../session-policy/arbitraries.ts';
import { fc, printSearch } from '../support/seeded.ts';
import { askPlan, BUCKETS, CALLER_ADDRESS, claims, grant, ISSUER } from './arbitraries.ts';

/** Set FC_RUNS=100000 to search longer. */
const numRuns = Number(process.env['FC_RUNS'] ?? 1500);

/** The actions of each permission. Repeated here so that the test does not depend on src. */
const MEANING: Readonly<Record<Permission, readonly string[]>> = {
  read: ['oss:GetObject'],
  write: ['oss:PutObject', 'oss:AbortMultipartUpload', 'oss:ListParts'],
  delete: ['oss:DeleteObject'],
  list: ['oss:ListObjects'],
};

const CLAIM_OF = new Map<string, (claims: Claims) => unknown>([
  ['user', (all) => all['user']],
  ['id', (all) => all['id']],
  ['mail', (all) => memberOf(all['profile'], 'mail')],
  ['sub', (all) => all['sub']],
  ['team', (all) => all['team']],
  ['code', (all) => all['code']],
  ['who', (all) => hashedWords(all['user'])],
  ['constructor', (all) => memberOf(memberOf(all, '__proto__'), 'constructor')],
]);

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function hashedWords(value: unknown): unknown {
  return wordsOf(value).map((word) => {
    const bits = [...createHash('sha256').update(word).digest()]
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('');
    return (bits.match(/.{1,5}/g) ?? [])
      .map((five) =>
        'abcdefghijklmnopqrstuvwxyz234567'.charAt(Number.parseInt(five.padEnd(5, '0'), 2)),
      )
      .join('');
  });
}

function wordsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((word) => typeof word === 'string');
}

/**
 * The places that the operator means: the text of the target with each claimed value inserted.
 * Places with an empty, "." or ".." segment are never meant.
 */
function intendedPlaces(allowance: Allowance, all: Claims): readonly string[] {
  let places = [allowance.target.text];
  for (const [name, claimOf] of CLAIM_OF) {
    if (!allowance.target.text.includes(`{${name}}`)) continue;
    const words = wordsOf(claimOf(all));
    places = places.flatMap((place) => words.map((word) => place.split(`{${name}}`).join(word)));
  }
  return places.filter((place) => {
    const segments = place.replace(/\/$/, '').slice('oss://'.length).split('/');
    return !segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  });
}

interface Asked {
  readonly target: string | undefined;
  readonly permissions: readonly Permission[] | undefined;
}

const isWithin = (place: string, text: string) =>
  place.endsWith('/') ? text.startsWith(place) : text === place;

/** Whether the grant means to allow the attempt to a caller with these claims. Independent of src. */
function isIntended(meant: Grant, all: Claims, asked: Asked, attempt: Attempt): boolean {
  const { action, bucket, key, context } = attempt;
  if (bucket === undefined) return false;
  if (meant.restrict.https && context['acs:SecureTransport'] === 'false') return false;
  if (meant.restrict.sourceIp === 'caller' && context['acs:SourceIp'] !== CALLER_ADDRESS) {
    return false;
  }
  const acl = (context['oss:x-oss-object-acl'] ?? '').toLowerCase();
  const isPublishing = /^oss:PutObject(Version)?(Acl)?$/.test(action) && /^public-/.test(acl);
  if (meant.publicAcl === 'deny' && isPublishing) return false;

  const isListing = action === 'oss:ListObjects';
  if (isListing ? key !== undefined : key === undefined) return false;
  // a listing without a prefix shows the whole bucket
  const text = `oss://${bucket}/${(isListing ? context['oss:Prefix'] : key) ?? ''}`;
  if (asked.target !== undefined && !isWithin(asked.target, text)) return false;
  return meant.allow.some((allowance) => {
    const permissions = allowance.permissions.filter(
      (permission) => asked.permissions === undefined || asked.permissions.includes(permission),
    );
    const actions = permissions.flatMap((permission) => MEANING[permission]);
    if (asked.permissions === undefined) actions.push(...allowance.actions);
    return (
      actions.includes(action) &&
      intendedPlaces(allowance, all).some((place) => isWithin(place, text))
    );
  });
}

/** Undefined for a refusal. Any other error is a defect and is rethrown. */
function unlessRefused<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof RefusalError) return undefined;
    throw error;
  }
}

/** Runs the pipeline from fitting the grant to rendering the session policy. */
function decide(given: Grant, all: Claims, asked: Asked) {
  const fit = fitGrant(given, ISSUER, all);
  if (!fit.fits) return undefined;
  return unlessRefused(() => {
    const target = asked.target === undefined ? undefined : parseTarget(asked.target);
    const { permissions } = asked;
    const allowances = narrowAllowances(given.name, fit.allowances, { target, permissions });
    const { https } = given.restrict;
    const { publicAcl } = given;
    const sourceIps = chooseSourceIps(given, CALLER_ADDRESS);
    return {
      allowances,
      rendered: renderSessionPolicy({ allowances, https, publicAcl, ...sourceIps }),
    };
  });
}

/** Keys of other users, which a policy that is too wide would reach first. */
const VICTIM_KEYS = ['users/victim/x', 'users/user-1/x', 'u/1/x', '1/10/x', 'victim', 'x', ''];

function victimAttempts(): readonly Attempt[] {
  const context = { 'acs:SecureTransport': 'true', 'acs:SourceIp': CALLER_ADDRESS };
  return BUCKETS.flatMap((bucket) =>
    VICTIM_KEYS.flatMap((key) => [
      { action: 'oss:GetObject', bucket, key, context },
      { action: 'oss:PutObject', bucket, key, context },
      {
        action: 'oss:ListObjects',
        bucket,
        key: undefined,
        context: { ...context, 'oss:Prefix': key },
      },
    ]),
  );
}

describe('a credential', () => {
  it('reaches only what its grant means, for any claims and any request', () => {
    const seen = { rendered: 0, narrowed: 0, allowed: 0, unintended: 0 };
    const plans = fc.array(attemptPlan, { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(grant, claims, askPlan, plans, (given, all, plan, attemptPlans) => {
        const asked = toAsked(plan, given, all);
        const decision = decide(given, all, asked);
        if (decision === undefined) return;
        const { allowances, rendered } = decision;
        seen.rendered += 1;
        if (asked.target !== undefined) seen.narrowed += 1;
        const attempts = attemptPlans.map((attempt) => aim(attempt, allowances));
        for (const attempt of [...attempts, ...victimAttempts()]) {
          const intended = isIntended(given, all, asked, attempt);
          const verdict = evaluatePolicy([rendered.policy], toAccessRequest(attempt));
          if (verdict === 'Allow') seen.allowed += 1;
          if (!intended) seen.unintended += 1;
          if (verdict === 'Allow' && !intended) {
            throw new Error(`ESCAPE: ${JSON.stringify(attempt)} under ${rendered.text}`);
          }
          // without narrowing, the policy allows all that the grant means
          const isWhole = asked.target === undefined && asked.permissions === undefined;
          if (isWhole && intended && verdict !== 'Allow') {
            throw new Error(`not allowed: ${JSON.stringify(attempt)} under ${rendered.text}`);
          }
        }
      }),
      { numRuns },
    );
    // the search proves something only if it often renders a policy, and both allows and refuses
    expect(seen.rendered).toBeGreaterThan(numRuns / 8);
    expect(seen.narrowed).toBeGreaterThan(numRuns / 40);
    expect(seen.allowed).toBeGreaterThan(numRuns / 8);
    expect(seen.unintended).toBeGreaterThan(numRuns);
    const { rendered, narrowed, allowed, unintended } = seen;
    printSearch('from claims to policy', {
      cases: numRuns,
      policies: rendered,
      narrowed,
      'requests allowed': allowed,
      'not meant to be': unintended,
      escapes: 0,
    });
  }, 600_000);
});

type AskPlan = typeof askPlan extends fc.Arbitrary<infer Plan> ? Plan : never;

/** Aims the request at a target of the grant, if it has any for these claims. */
function toAsked({ target, permissions }: AskPlan, given: Grant, all: Claims): Asked {
  if (target === undefined) return { target: undefined, permissions };
  if ('bucket' in target) return { target: `oss://${target.bucket}/${target.key}`, permissions };
  const fit = fitGrant(given, ISSUER, all);
  const granted = fit.fits ? fit.allowances : [];
  const base = granted[target.at % Math.max(1, granted.length)];
  const text = base === undefined ? 'oss://app-media/' : formatTarget(base.target);
  return {
    target: 'below' in target ? `${text}${target.below}` : `${text.slice(0, -1)}${target.beside}`,
    permissions,
  };
}
