/** Parses the policy that a caller of STS sends to get less than its role: only what the broker can intersect exactly. */
import { isJsonObject, type JsonObject, parseJsonObject } from '../lib/strict-json.ts';
import type { AskedAllowance, NamePattern } from '../ports.ts';
import { matchesGlob } from './glob.ts';
import { LIST_ACTION, OBJECT_ACTIONS } from './object-actions.ts';
import { MAX_SESSION_POLICY_BYTES } from './session-policy.ts';

export type AskedPolicyResult =
  | { readonly ok: true; readonly allowances: readonly AskedAllowance[] }
  | { readonly ok: false; readonly isTooLarge: boolean; readonly problem: string };

/** Says what the broker cannot take. It never leaves this file. */
class PolicyProblem extends Error {}

/**
 * Takes statements that allow actions on resources of OSS, and nothing else of RAM's language: what
 * it cannot read fully it refuses, since it might narrow. Never throws for a policy; the problem
 * quotes nothing of it. https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax
 */
export function parseAskedPolicy(text: string): AskedPolicyResult {
  if (Buffer.byteLength(text) > MAX_SESSION_POLICY_BYTES) {
    return { ok: false, isTooLarge: true, problem: 'the policy is too large' };
  }
  const json = parseJsonObject(Buffer.from(text));
  if (!json.ok) return { ok: false, isTooLarge: false, problem: `the policy ${json.problem}` };
  try {
    return { ok: true, allowances: readPolicy(json.value) };
  } catch (error) {
    if (!(error instanceof PolicyProblem)) throw error;
    return { ok: false, isTooLarge: false, problem: error.message };
  }
}

function readPolicy(policy: JsonObject): readonly AskedAllowance[] {
  requireMembers(policy, ['Version', 'Statement']);
  if (policy['Version'] !== '1') throw new PolicyProblem('the policy has another Version than "1"');
  const statements: unknown = policy['Statement'];
  if (!Array.isArray(statements) || statements.length === 0) {
    throw new PolicyProblem('the policy has no list of statements');
  }
  return statements.map(readStatement);
}

function readStatement(statement: unknown): AskedAllowance {
  if (!isJsonObject(statement)) throw new PolicyProblem('a statement is not an object');
  requireMembers(statement, ['Effect', 'Action', 'Resource', 'Condition']);
  if (statement['Effect'] !== 'Allow') throw new PolicyProblem('a statement does not allow');
  const actions = expandActions(readTexts(statement['Action'], 'Action'));
  const resources = readTexts(statement['Resource'], 'Resource').map(toResource);
  const condition: unknown = statement['Condition'];
  if (condition === undefined) return { actions, resources };
  return { actions, resources, prefixes: readCondition(condition) };
}

/** RAM's action patterns, in any case, as those actions that a session policy of the broker may contain. */
function expandActions(patterns: readonly string[]): readonly string[] {
  if (patterns.some((pattern) => !/^(?:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/.test(pattern))) {
    throw new PolicyProblem('an Action is malformed');
  }
  const lowered = patterns.map((pattern) => pattern.toLowerCase());
  return [...OBJECT_ACTIONS, LIST_ACTION].filter((action) =>
    lowered.some((pattern) => matchesGlob(pattern, action.toLowerCase())),
  );
}

const ANY_RESOURCE = 'acs:oss:*:*:';

function toResource(resource: string): NamePattern {
  if (resource === '*') return { text: '', isPrefix: true };
  if (!resource.startsWith(ANY_RESOURCE)) {
    throw new PolicyProblem('a Resource is not like acs:oss:*:*:bucket/key');
  }
  return toPattern(resource.slice(ANY_RESOURCE.length));
}

/** A text, or with `*` at its end all that begin with it. */
function toPattern(text: string): NamePattern {
  const isPrefix = text.endsWith('*');
  const literal = isPrefix ? text.slice(0, -1) : text;
  if (/[*?]/.test(literal)) throw new PolicyProblem('a wildcard is not the last character');
  return { text: literal, isPrefix };
}

/** The one condition that a listing needs: which `oss:Prefix` it may have. */
function readCondition(condition: unknown): readonly NamePattern[] {
  const [[operator, keys] = [], ...otherOperators] = entriesOf(condition);
  const [[key, values] = [], ...otherKeys] = entriesOf(keys);
  if (otherOperators.length + otherKeys.length > 0 || key !== 'oss:Prefix') {
    throw new PolicyProblem('a Condition is about something else than oss:Prefix');
  }
  const texts = readTexts(values, 'condition');
  if (operator === 'StringLike') return texts.map(toPattern);
  if (operator !== 'StringEquals') throw new PolicyProblem('a Condition has another operator');
  return texts.map((text) => ({ text, isPrefix: false }));
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (!isJsonObject(value)) throw new PolicyProblem('a Condition is malformed');
  return Object.entries(value);
}

function readTexts(value: unknown, name: string): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = values.filter((text) => typeof text === 'string' && text !== '');
  if (texts.length === 0 || texts.length < values.length) {
    throw new PolicyProblem(`${name} is neither a text nor a list of texts`);
  }
  return texts.map(String);
}

function requireMembers(value: JsonObject, known: readonly string[]): void {
  if (Object.keys(value).some((member) => !known.includes(member))) {
    throw new PolicyProblem('the policy has a member that the broker does not know');
  }
}
