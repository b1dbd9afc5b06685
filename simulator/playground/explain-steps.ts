/** Tells the pipeline as steps: which passed, which refused and why, and which were not reached. */
import type { AuditLine } from '../../src/audit/line.ts';
import { MEANINGS } from '../../src/explain/meanings.ts';
import { formatTarget } from '../../src/grants/target.ts';
import type { Decision, NarrowedGrant, SubjectToken } from '../../src/ports.ts';
import type { RefusalError } from '../../src/refusal.ts';
import { MAX_SESSION_POLICY_BYTES } from '../../src/session-policy/session-policy.ts';
import type { GrantFate, Step, StepName } from './answer.ts';
import { STEPS, stepOfReason } from './step-of-reason.ts';

/** As far as the pure steps got, without the broker. */
export interface Explanation {
  readonly token?: SubjectToken;
  readonly decision?: Decision;
  /** What refused before the decision: the token, or the request. */
  readonly refusal?: RefusalError;
  /** Empty without a decision. */
  readonly grants: readonly GrantFate[];
}

/** The audit line says how the broker decided; the explanation, what it decided from. */
export function explainSteps(explanation: Explanation, line: AuditLine): readonly Step[] {
  const refusing = line.decision === 'refused' ? refusingStep(explanation, line) : undefined;
  const refusedAt = refusing === undefined ? STEPS.length : STEPS.indexOf(refusing);
  return STEPS.map((name, at) => {
    // the line of a refusal is recorded too
    if (name === 'record' && name !== refusing) {
      return { name, state: 'passed', says: [`one audit line, ${line.decision}`] };
    }
    if (at > refusedAt) return { name, state: 'not reached', says: [] };
    if (name === refusing) return { name, state: 'refused', says: describeRefusal(line) };
    return { name, state: 'passed', says: describePassed(name, explanation, line) };
  });
}

function refusingStep({ token, decision, refusal }: Explanation, line: AuditLine): StepName {
  const { reason = 'internal_error', why } = line;
  if (refusal?.refusal.reason === reason)
    return token === undefined ? 'verify' : 'limit the caller';
  if (decision?.outcome === 'refused' && decision.refusal.refusal.reason === reason) {
    if (decision.grant === undefined) return 'match';
    return decision.narrowed === undefined ? 'narrow' : 'render';
  }
  return stepOfReason(reason, why?.['scope']);
}

/** The reason, and its facts one by one. */
function describeRefusal({ reason = 'internal_error', why = {} }: AuditLine): readonly string[] {
  const facts = Object.entries(why).filter(([name]) => name !== 'misfits');
  return [reason, MEANINGS[reason], ...facts.map(([name, value]) => `${name}: ${toText(value)}`)];
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describePassed(
  name: StepName,
  { token, decision }: Explanation,
  line: AuditLine,
): readonly string[] {
  switch (name) {
    case 'verify':
      return token === undefined ? [] : describeToken(token);
    case 'limit the caller':
      return ['within its limits; no kill switch; the request can be read'];
    case 'match':
      return decision?.grant === undefined ? [] : [`the grant ${decision.grant.name}`];
    case 'narrow':
      return decision?.narrowed === undefined ? [] : describeNarrowed(decision.narrowed);
    case 'render':
      return decision === undefined ? [] : describePolicy(decision);
    case 'limit the request':
      return ['no kill switch of the grant; within the limit of the issuer'];
    case 'assume':
      return describeRole(line);
    case 'record':
      return [];
  }
}

function describeToken({ issuer, subject, keyId, expiresAt }: SubjectToken): readonly string[] {
  const key = keyId === undefined ? 'a key of the issuer' : `the key ${keyId}`;
  return [
    `issuer ${issuer.name}, subject ${subject}`,
    `signed with ${key}, good until ${new Date(expiresAt * 1000).toISOString()}`,
  ];
}

function describeNarrowed(narrowed: NarrowedGrant): readonly string[] {
  const { allowances, durationSeconds, sourceIps } = narrowed;
  return [
    ...allowances.map(
      ({ target, permissions, actions }) =>
        `${formatTarget(target)}: ${[...permissions, ...actions].join(', ')}`,
    ),
    `for ${durationSeconds} seconds`,
    ...(sourceIps === undefined ? [] : [`from ${sourceIps.join(', ')} only`]),
  ];
}

function describePolicy(decision: Decision): readonly string[] {
  if (decision.outcome === 'refused') return [];
  return [`${decision.policy.bytes} of ${MAX_SESSION_POLICY_BYTES} bytes`];
}

function describeRole(line: AuditLine): readonly string[] {
  const { roleArn = '', roleSessionName = '', accessKeyId = '', expiration = '' } = line;
  return [
    `${roleArn}, as ${roleSessionName}`,
    `${accessKeyId} until ${expiration}${line.cacheHit === true ? ', from the cache' : ''}`,
  ];
}
