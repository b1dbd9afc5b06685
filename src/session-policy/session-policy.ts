/** Renders what was granted as the session policy of one STS credential. */
import { formatTarget, isPrefix } from '../grants/target.ts';
import type { SessionPolicyInput } from '../ports.ts';
import {
  assertAddressBlock,
  assertObjectAction,
  assertRenderableTarget,
} from './assert-renderable.ts';
import { groupListings, type ListStatement } from './list-statements.ts';
import { LIST_ACTION, PERMISSION_ACTIONS, PUBLISHING_ACTIONS } from './object-actions.ts';
import { groupByActions, mergeStatements, type ObjectStatement } from './object-statements.ts';
import type { RamConditions, RamPolicy, RamStatement } from './ram-policy.ts';

/** "The size of Policy must be smaller than 2048 bytes": https://www.alibabacloud.com/help/en/ram/api-assumerole */
export const MAX_SESSION_POLICY_BYTES = 2047;

/** A session policy both as the document that RAM reads and as the text that STS takes. */
export interface RenderedPolicy {
  readonly policy: RamPolicy;
  /** What STS gets: the policy serialised once, without white space. */
  readonly text: string;
  /** Length of the text in UTF-8; more than MAX_SESSION_POLICY_BYTES is for the caller to refuse. */
  readonly bytes: number;
}

/**
 * Renders a session policy that allows exactly what the allowances say: the same text for the same
 * allowances in any order. Throws a plain Error, since it is a bug, for a target, action or address
 * that must not enter a policy, for `list` on a single object, and for a policy that allows nothing.
 */
export function renderSessionPolicy(input: SessionPolicyInput): RenderedPolicy {
  assertRenderable(input);
  return serialize(input, mergeStatements(groupByActions(collectObjectAllowances(input))));
}

/**
 * The length in bytes that no rendering of a grant exceeds, whatever values its attributes take, if
 * `input` has the longest and no two of them alike. Merging is left out: it never makes a policy
 * longer, but two values that happen to be alike can keep statements from being merged.
 */
export function boundSessionPolicyBytes(input: SessionPolicyInput): number {
  assertRenderable(input);
  return serialize(input, groupByActions(collectObjectAllowances(input))).bytes;
}

function assertRenderable({ allowances, sourceIps }: SessionPolicyInput): void {
  // no address at all would be no restriction at all
  if (sourceIps?.length === 0) throw new Error('session policy: no source address is allowed');
  for (const block of sourceIps ?? []) assertAddressBlock(block);
  for (const { target, permissions, actions } of allowances) {
    assertRenderableTarget(target);
    for (const action of actions) assertObjectAction(action);
    if (permissions.length + actions.length === 0) {
      throw new Error(`session policy: nothing is allowed on ${formatTarget(target)}`);
    }
    // a prefix to list that is no directory would show the names of its siblings
    if (permissions.includes('list') && !isPrefix(target)) {
      throw new Error(`session policy: ${formatTarget(target)} cannot be listed`);
    }
  }
}

/** What is allowed on objects, as actions. */
export function collectObjectAllowances({ allowances }: SessionPolicyInput) {
  return allowances
    .map(({ target, permissions, actions }) => ({
      target,
      actions: [...permissions.flatMap((permission) => PERMISSION_ACTIONS[permission]), ...actions],
    }))
    .filter(({ actions }) => actions.length > 0);
}

/** What may be listed. */
export function collectListings({ allowances }: SessionPolicyInput): readonly ListStatement[] {
  return groupListings(
    allowances
      .filter(({ permissions }) => permissions.includes('list'))
      .map(({ target }) => target),
  );
}

function serialize(input: SessionPolicyInput, objects: readonly ObjectStatement[]): RenderedPolicy {
  const listings = collectListings(input);
  const statement = [
    ...objects.map((object) => allowObjects(object, input.sourceIps)).sort(compareStatements),
    ...listings.map((listing) => allowListing(listing, input.sourceIps)).sort(compareStatements),
  ];
  if (statement.length === 0) throw new Error('session policy: nothing is allowed');
  if (input.publicAcl === 'deny') statement.push(...denyPublishing(objects));
  if (input.https) statement.push(DENY_PLAIN_HTTP);
  const policy: RamPolicy = { Version: '1', Statement: statement };
  const text = JSON.stringify(policy);
  return { policy, text, bytes: Buffer.byteLength(text) };
}

function allowObjects(
  { actions, resources }: ObjectStatement,
  sourceIps: SessionPolicyInput['sourceIps'],
): RamStatement {
  return {
    Effect: 'Allow',
    Action: oneOrMany(actions),
    Resource: oneOrMany(resources),
    ...withConditions(requireSourceIp(sourceIps)),
  };
}

/**
 * Listing stands alone: `oss:Prefix` exists on list requests only, so that any other action beside
 * it would never match.
 */
function allowListing(
  { buckets, prefixes }: ListStatement,
  sourceIps: SessionPolicyInput['sourceIps'],
): RamStatement {
  const patterns = prefixes.flatMap((prefix) => [prefix, `${prefix}*`]);
  return {
    Effect: 'Allow',
    Action: LIST_ACTION,
    Resource: oneOrMany(buckets.map((bucket) => `acs:oss:*:*:${bucket}`)),
    ...withConditions({
      ...(patterns.length === 0 ? {} : { StringLike: { 'oss:Prefix': patterns } }),
      ...requireSourceIp(sourceIps),
    }),
  };
}

/**
 * Keeps uploaders from publishing objects. Names the public values rather than all but the private
 * ones: whether StringNotEquals matches a request without the header is not documented. Without
 * regard to case, since whether OSS takes `Public-Read` is not documented either.
 */
function denyPublishing(objects: readonly ObjectStatement[]): readonly RamStatement[] {
  const granted = new Set(objects.flatMap(({ actions }) => actions));
  const publishing = PUBLISHING_ACTIONS.filter((action) => granted.has(action));
  if (publishing.length === 0) return [];
  return [
    {
      Effect: 'Deny',
      Action: oneOrMany(publishing),
      Resource: '*',
      Condition: {
        StringEqualsIgnoreCase: { 'oss:x-oss-object-acl': ['public-read', 'public-read-write'] },
      },
    },
  ];
}

const DENY_PLAIN_HTTP: RamStatement = {
  Effect: 'Deny',
  Action: 'oss:*',
  Resource: '*',
  Condition: { Bool: { 'acs:SecureTransport': 'false' } },
};

/** On Allow, not as a Deny of other addresses: a request whose address RAM does not know is then not allowed. */
function requireSourceIp(sourceIps: SessionPolicyInput['sourceIps']): RamConditions {
  if (sourceIps === undefined) return {};
  return { IpAddress: { 'acs:SourceIp': oneOrMany([...new Set(sourceIps)].sort()) } };
}

function withConditions(conditions: RamConditions): { readonly Condition?: RamConditions } {
  return Object.keys(conditions).length === 0 ? {} : { Condition: conditions };
}

function oneOrMany(values: readonly string[]): string | readonly string[] {
  const [first, ...others] = values;
  return first !== undefined && others.length === 0 ? first : values;
}

/** By code unit, so that the order does not depend on a locale. */
function compareStatements(left: RamStatement, right: RamStatement): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}
