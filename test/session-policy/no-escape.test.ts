/** Checks the main promise of the broker: a session policy allows what its grant means, and nothing else. */
import { describe, expect, it } from 'vitest';
import type { SessionPolicyInput } from '../../src/ports.ts';
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import type { RamPolicy } from '../../src/session-policy/ram-policy.ts';
import { renderSessionPolicy } from '../../src/session-policy/session-policy.ts';
import { fc, printSearch } from '../support/seeded.ts';
import {
  ADDRESSES,
  type Allowances,
  type Attempt,
  aim,
  attemptPlan,
  hostileInput,
  policyInput,
  toAccessRequest,
} from './arbitraries.ts';

/** Set FC_RUNS=100000 to search longer. */
const numRuns = Number(process.env['FC_RUNS'] ?? 3000);

/** The actions of each permission. Repeated here so that the test does not depend on src. */
const MEANING: Readonly<Record<string, readonly string[]>> = {
  read: ['oss:GetObject'],
  write: ['oss:PutObject', 'oss:AbortMultipartUpload', 'oss:ListParts'],
  delete: ['oss:DeleteObject'],
  list: [],
};

/** Whether the grant means to allow the attempt. Does not use RAM policies. */
function isIntended(input: SessionPolicyInput, attempt: Attempt): boolean {
  const { action, bucket, key, context } = attempt;
  if (input.https && context['acs:SecureTransport'] === 'false') return false;
  if (input.sourceIps !== undefined) {
    const known = ADDRESSES.find(({ sourceIps }) => sourceIps === input.sourceIps);
    const address = context['acs:SourceIp'];
    if (address === undefined || !known?.inside.includes(address)) return false;
  }
  const isPublishing =
    ['oss:PutObject', 'oss:PutObjectAcl', 'oss:PutObjectVersionAcl'].includes(action) &&
    ['public-read', 'public-read-write'].includes(
      (context['oss:x-oss-object-acl'] ?? '').toLowerCase(),
    );
  if (input.publicAcl === 'deny' && isPublishing) return false;

  return input.allowances.some(({ target, permissions, actions }) => {
    if (target.bucket !== bucket) return false;
    if (action === 'oss:ListObjects') {
      const prefix = context['oss:Prefix'];
      const isWithin = target.key === '' || prefix?.startsWith(target.key) === true;
      return key === undefined && permissions.includes('list') && isWithin;
    }
    if (key === undefined) return false;
    const isPrefix = target.key === '' || target.key.endsWith('/');
    if (isPrefix ? !key.startsWith(target.key) : key !== target.key) return false;
    return [...permissions.flatMap((permission) => MEANING[permission] ?? []), ...actions].includes(
      action,
    );
  });
}

function tryToRender(input: SessionPolicyInput): RamPolicy | undefined {
  try {
    return renderSessionPolicy(input).policy;
  } catch (error) {
    expect(String(error)).toMatch(/^Error: session policy: /);
    return undefined;
  }
}

/** Whether the grant means to allow the attempt. Throws if the policy decides otherwise. */
function expectAsIntended(input: SessionPolicyInput, policy: RamPolicy, attempt: Attempt): boolean {
  const intended = isIntended(input, attempt);
  // the vendor does not document how RAM reads absent keys, so the policy must work with both readings
  for (const absentKey of ['matches', 'does-not-match'] as const) {
    const verdict = evaluatePolicy([policy], toAccessRequest(attempt), { absentKey });
    if ((verdict === 'Allow') !== intended) {
      const what = intended ? 'not allowed' : 'ESCAPE';
      const [request, text] = [attempt, policy].map((value) => JSON.stringify(value));
      throw new Error(`${what} (absent key ${absentKey}): ${request} under ${text}`);
    }
  }
  return intended;
}

const attemptPlans = fc.array(attemptPlan, { minLength: 8, maxLength: 8 });

describe('a rendered session policy', () => {
  it('allows a request if and only if the grant means to allow it', () => {
    const seen = { intended: 0, unintended: 0 };
    fc.assert(
      fc.property(policyInput, attemptPlans, (input, plans) => {
        const { policy, text } = renderSessionPolicy(input);
        expect(JSON.parse(text)).toEqual(policy);
        for (const plan of plans) {
          const intended = expectAsIntended(input, policy, aim(plan, input.allowances));
          seen[intended ? 'intended' : 'unintended'] += 1;
        }
      }),
      { numRuns },
    );
    // the search proves something only if it often tests both kinds of requests
    expect(seen.intended).toBeGreaterThan(numRuns);
    expect(seen.unintended).toBeGreaterThan(numRuns);
    const { intended, unintended } = seen;
    printSearch('session policy', {
      policies: numRuns,
      'requests that are meant to be allowed': intended,
      'that are not': unintended,
      escapes: 0,
    });
  }, 7_200_000);

  it('means a hostile target literally, if it is rendered at all', () => {
    fc.assert(
      fc.property(hostileInput, attemptPlans, (input, plans) => {
        const policy = tryToRender(input);
        if (policy === undefined) return;
        // a hostile grant means none of its actions
        const allowances = input.allowances.map((allowance) => ({ ...allowance, actions: [] }));
        for (const plan of plans) {
          expectAsIntended({ ...input, allowances }, policy, aim(plan, input.allowances));
        }
      }),
      { numRuns },
    );
  }, 7_200_000);

  it('allows exactly what its allowances allow one by one', () => {
    fc.assert(
      fc.property(policyInput, attemptPlans, (input, plans) => {
        const merged = renderSessionPolicy(input);
        const single = input.allowances.flatMap<Allowances[number]>(
          ({ target, permissions, actions }) => [
            ...permissions.map((permission) => ({
              target,
              permissions: [permission],
              actions: [],
            })),
            ...actions.map((action) => ({ target, permissions: [], actions: [action] })),
          ],
        );
        const policies = single.map((allowance) =>
          renderSessionPolicy({ ...input, allowances: [allowance] }),
        );
        for (const plan of plans) {
          const request = toAccessRequest(aim(plan, input.allowances));
          const isAllowedAlone = policies.some(
            ({ policy }) => evaluatePolicy([policy], request) === 'Allow',
          );
          expect(evaluatePolicy([merged.policy], request) === 'Allow').toBe(isAllowedAlone);
        }
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  }, 7_200_000);

  it('is the same text for the same allowances in any order', () => {
    fc.assert(
      fc.property(policyInput, (input) => {
        const allowances = input.allowances
          .map((allowance) => ({ ...allowance, permissions: allowance.permissions.toReversed() }))
          .toReversed();
        const again = renderSessionPolicy({ ...input, allowances: [...allowances, ...allowances] });
        expect(again.text).toBe(renderSessionPolicy(input).text);
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  }, 7_200_000);
});
