/** How long the session policy of a grant can become, computed when the config loads. */
import type {
  AttributeRule,
  Grant,
  Restrictions,
  TargetTemplate,
  TrustedIssuer,
} from '../config/config.ts';
import {
  boundSessionPolicyBytes,
  MAX_SESSION_POLICY_BYTES,
  type SessionPolicyInput,
} from './session-policy.ts';

/** The longest text of an IP address: an IPv6 one that ends like an IPv4 one. */
const LONGEST_ADDRESS = '0000:0000:0000:0000:0000:ffff:255.255.255.255';

/** Base32 of a SHA-256. */
const HASH_LENGTH = 52;
const UUID_LENGTH = 36;

/** Signs that a policy can hold, and that are rare in what operators write, so that no stand-in equals it. */
const ASCII_SIGNS = "!&'()+,;<=>^`|~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/** Three bytes each in UTF-8, the most that one UTF-16 code unit can take. */
const WIDE_SIGNS = '一丁七万丈三上下不与丐丑专且世丘丙业丛东丝丞両丢两严並丧丨个';

/**
 * The most bytes that the session policy of the grant can have while each attribute has one value:
 * every attribute at its longest, and a caller's address at its longest. An array attribute with
 * more values needs more, see `fanOutCapacity`. Throws a plain Error for a grant that cannot be
 * rendered at all, such as one that lists a single object.
 */
export function worstCasePolicyBytes(grant: Grant, issuer: TrustedIssuer): number {
  return boundSessionPolicyBytes(fillGrant(grant, issuer));
}

/**
 * For each attribute in the grant's targets: how many values of it, all at their longest, fit into
 * one session policy while the other attributes have one. Zero: not even one fits.
 */
export function fanOutCapacity(grant: Grant, issuer: TrustedIssuer): ReadonlyMap<string, number> {
  const names = new Set(grant.allow.flatMap(({ target }) => attributeNames(target)));
  return new Map([...names].map((name) => [name, countFittingValues(grant, issuer, name)]));
}

/** No policy has room for more: the smallest resource takes 20 bytes. */
const MAX_COUNTED_VALUES = 100;

function countFittingValues(grant: Grant, issuer: TrustedIssuer, attribute: string): number {
  for (let valueCount = 1; valueCount <= MAX_COUNTED_VALUES; valueCount += 1) {
    const bytes = boundSessionPolicyBytes(fillGrant(grant, issuer, { attribute, valueCount }));
    if (bytes > MAX_SESSION_POLICY_BYTES) return valueCount - 1;
  }
  return MAX_COUNTED_VALUES;
}

/** The grant with stand-ins for the values of its attributes: one each, or several of one attribute. */
function fillGrant(
  grant: Grant,
  issuer: TrustedIssuer,
  fanOut?: { readonly attribute: string; readonly valueCount: number },
): SessionPolicyInput {
  const allowances = grant.allow.flatMap(({ target, permissions, actions }) => {
    const isFannedOut = fanOut !== undefined && attributeNames(target).includes(fanOut.attribute);
    const copies = Array.from({ length: isFannedOut ? fanOut.valueCount : 1 }, (_, copy) => copy);
    return copies.map((copy) => {
      const fill = (name: string) =>
        makeStandIn(issuer, name, name === fanOut?.attribute ? copy : 0);
      const key = target.key
        .map((part) => (typeof part === 'string' ? part : fill(part.attribute)))
        .join('');
      return { target: { bucket: target.bucket, key }, permissions, actions };
    });
  });
  const { https } = grant.restrict;
  return { allowances, https, publicAcl: grant.publicAcl, ...chooseSourceIps(grant.restrict) };
}

function chooseSourceIps({ sourceIp }: Restrictions): { readonly sourceIps?: readonly string[] } {
  if (sourceIp === undefined) return {};
  return { sourceIps: sourceIp === 'caller' ? [LONGEST_ADDRESS] : sourceIp };
}

function attributeNames(target: TargetTemplate): readonly string[] {
  return target.key.flatMap((part) => (typeof part === 'string' ? [] : part.attribute));
}

/** A value as long as the attribute's can be, unlike that of every other attribute and copy. */
function makeStandIn(issuer: TrustedIssuer, name: string, copy: number): string {
  const index = issuer.attributes.findIndex((attribute) => attribute.name === name);
  const rule = issuer.attributes[index];
  if (rule === undefined) throw new Error(`attribute "${name}" is not defined`);
  const signs = canBeWide(rule) ? WIDE_SIGNS : ASCII_SIGNS;
  const length = longestValue(rule);
  let standIn = '';
  for (let rest = index + copy * issuer.attributes.length; standIn.length < length; ) {
    standIn = signs.charAt(rest % signs.length) + standIn;
    rest = Math.floor(rest / signs.length);
  }
  return standIn;
}

/** In UTF-16 code units, as the grammar counts them. */
function longestValue({ hash, grammar }: AttributeRule): number {
  if (hash) return HASH_LENGTH;
  return grammar.kind === 'uuid' ? UUID_LENGTH : grammar.maxLength;
}

/** Only an operator's own characters can take more than one byte each. */
function canBeWide({ hash, grammar }: AttributeRule): boolean {
  return !hash && grammar.kind === 'custom' && /[^ -~]/.test(grammar.characters);
}
