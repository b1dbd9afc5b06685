/** Evaluates a request against RAM policies, as the RAM documentation describes. */
import { matchesGlob } from './glob.ts';
import { allMatch, anyMatches, type Match, negate, toMatch } from './match.ts';
import { type AbsentKeyReading, matchConditions } from './ram-conditions.ts';
import type { AccessRequest, RamPolicy, RamStatement } from './ram-policy.ts';

export type Verdict = 'Allow' | 'Deny' | 'NoMatch';

/**
 * Returns the verdict of one set of policies. A matching Deny wins over every Allow, and a request
 * that no statement matches is not allowed. A statement that is undocumented or unreadable fails
 * closed: as an Allow it does not match, as a Deny it does.
 * https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax
 */
export function evaluatePolicy(
  policies: readonly RamPolicy[],
  request: AccessRequest,
  options: { readonly absentKey?: AbsentKeyReading } = {},
): Verdict {
  const absentKey = options.absentKey ?? 'does-not-match';
  let verdict: Verdict = 'NoMatch';
  for (const statement of policies.flatMap((policy) => policy.Statement)) {
    const match = matchStatement(statement, request, absentKey);
    if (statement.Effect === 'Allow') {
      if (match === 'yes') verdict = 'Allow';
    } else if (match !== 'no') {
      return 'Deny';
    }
  }
  return verdict;
}

function matchStatement(
  statement: RamStatement,
  request: AccessRequest,
  absentKey: AbsentKeyReading,
): Match {
  return allMatch([
    matchStatementAction(statement, request.action),
    matchStatementResource(statement, request.resource),
    matchConditions(statement.Condition ?? {}, request.context, absentKey),
  ]);
}

/** A statement has either Action or NotAction. With both or neither it is undecided. */
function matchStatementAction(statement: RamStatement, action: string): Match {
  const { Action, NotAction } = statement;
  if (Action !== undefined && NotAction !== undefined) return 'undecided';
  if (Action !== undefined) return matchAction(Action, action);
  if (NotAction !== undefined) return negate(matchAction(NotAction, action));
  return 'undecided';
}

/**
 * Compares action names case-insensitively, as documented for the Action element:
 * https://www.alibabacloud.com/help/en/resource-management/resource-directory/user-guide/languages-of-access-control-policies
 */
function matchAction(patterns: string | readonly string[], action: string): Match {
  const name = action.toLowerCase();
  return anyMatches(
    toList(patterns).map((pattern) => toMatch(matchesGlob(pattern.toLowerCase(), name))),
  );
}

function matchStatementResource(statement: RamStatement, resource: string): Match {
  return anyMatches(toList(statement.Resource).map((pattern) => matchResource(pattern, resource)));
}

/**
 * Compares `acs:<service>:<region>:<account>:<relative-id>` field by field, so that a wildcard in
 * one of the first four fields cannot match part of the next. The relative ID is the whole rest,
 * since object keys may contain colons. Region and account of a request are `*` if the service does
 * not send them. Everything else in a request is literal.
 */
function matchResource(pattern: string, resource: string): Match {
  if (pattern === '*') return 'yes';
  const expected = splitArn(pattern);
  const actual = splitArn(resource);
  if (expected === undefined || actual === undefined) return 'undecided';
  return toMatch(
    matchesGlob(expected.service, actual.service) &&
      (actual.region === '*' || matchesGlob(expected.region, actual.region)) &&
      (actual.account === '*' || matchesGlob(expected.account, actual.account)) &&
      matchesGlob(expected.relativeId, actual.relativeId),
  );
}

interface ArnFields {
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly relativeId: string;
}

function splitArn(arn: string): ArnFields | undefined {
  const [scheme, service, region, account, ...relative] = arn.split(':');
  if (scheme !== 'acs' || service === undefined || region === undefined) return undefined;
  if (account === undefined || relative.length === 0) return undefined;
  return { service, region, account, relativeId: relative.join(':') };
}

function toList(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
