/** Renders allowances as the session policy of one STS credential. */
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

/** A session policy as a document and as text. */
export interface RenderedPolicy {
  readonly policy: RamPolicy;
  /** What is sent to STS: the policy as JSON without white space. */
  readonly text: string;
  /** Length of the text in UTF-8. The caller must refuse more than MAX_SESSION_POLICY_BYTES. */
  readonly bytes: number;
}

/**
 * Renders a session policy that allows exactly what the allowances say. The order of the allowances
 * does not change the text. Throws a plain Error, since it is a bug, for a target, action or address
 * that must not enter a policy, for `list` on a single object, and for a policy that allows nothing.
 */
export function renderSessionPolicy(input: SessionPolicyInput): RenderedPolicy {
  assertRenderable(input);
  return serialize(input, mergeStatements(groupByActions(collectObjectAllowances(input))));
}

/**
 * Returns a length in bytes that no rendering of a grant exceeds, for any values of its attributes.
 * In `input` every attribute must have its longest value, and no two values may be equal. Statements
 * are not merged here: merging never makes a policy longer, but equal values can prevent it.
 */
export function boundSessionPolicyBytes(input: SessionPolicyInput): number {
  assertRenderable(input);
  return serialize(input, groupByActions(collectObjectAllowances(input))).bytes;
}

function assertRenderable({ allowances, sourceIps }: SessionPolicyInput): void {
  // an empty list would be no restriction
  if (sourceIps?.length === 0) throw new Error('session policy: no source address is allowed');
  for (const block of sourceIps ?? []) assertAddressBlock(block);
  for (const { target, permissions, actions } of allowances) {
    assertRenderableTarget(target);
    for (const action of actions) assertObjectAction(action);
    if (permissions.length + actions.length === 0) {
      throw new Error(`session policy: nothing is allowed on ${formatTarget(target)}`);
    }
    // listing a prefix that does not end with / would show the names of its siblings
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
  const policy = toPolicy(input, objects, collectListings(input));
  const text = JSON.stringify(policy);
  return { policy, text, bytes: Buffer.byteLength(text) };
}

/** The policy that allows these objects and listings under these restrictions. Throws if that is nothing. */
export function toPolicy(
  restrictions: Pick<SessionPolicyInput, 'https' | 'sourceIps' | 'publicAcl'>,
  objects: readonly ObjectStatement[],
  listings: readonly ListStatement[],
): RamPolicy {
  const { https, sourceIps, publicAcl } = restrictions;
  const statement = [
    ...objects.map((object) => allowObjects(object, sourceIps)).sort(compareStatements),
    ...listings.map((listing) => allowListing(listing, sourceIps)).sort(compareStatements),
  ];
  if (statement.length === 0) throw new Error('session policy: nothing is allowed');
  if (publicAcl === 'deny') statement.push(...denyPublishing(objects));
  if (https) statement.push(DENY_PLAIN_HTTP);
  return { Version: '1', Statement: statement };
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
 * Listing has its own statement: only list requests have `oss:Prefix`, so another action in the same
 * statement would never match.
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
 * Keeps uploaders from making objects public. Lists the public values instead of excluding the
 * private ones, because the vendor does not document whether StringNotEquals matches a request
 * without the header. Ignores case, because it is not documented whether OSS accepts `Public-Read`.
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

/** A condition of Allow instead of a Deny of other addresses, so a request without a known address is not allowed. */
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

/** Compares by code unit, so that the order does not depend on a locale. */
function compareStatements(left: RamStatement, right: RamStatement): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}
