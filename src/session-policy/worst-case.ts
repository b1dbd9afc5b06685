/** How long the session policy of a grant can become, computed when the config loads. */
import type { AttributeRule, Grant, Restrictions, TrustedIssuer } from '../config/config.ts';
import type { SessionPolicyInput } from '../ports.ts';
import { boundSessionPolicyBytes } from './session-policy.ts';

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
 * every attribute at its longest, and a caller's address at its longest. What an array attribute
 * with more values needs is known at the request alone, and `renderGrant` refuses what is too long.
 * Throws a plain Error for a grant that cannot be rendered at all, such as one that lists a single
 * object.
 */
export function worstCasePolicyBytes(grant: Grant, issuer: TrustedIssuer): number {
  return boundSessionPolicyBytes(fillGrant(grant, issuer));
}

/** The grant with a stand-in for the value of each attribute. */
function fillGrant(grant: Grant, issuer: TrustedIssuer): SessionPolicyInput {
  const allowances = grant.allow.map(({ target: { bucket, key }, permissions, actions }) => {
    const parts = key.map((part) =>
      typeof part === 'string' ? part : makeStandIn(issuer, part.attribute),
    );
    return { target: { bucket, key: parts.join('') }, permissions, actions };
  });
  const { https } = grant.restrict;
  return { allowances, https, publicAcl: grant.publicAcl, ...chooseSourceIps(grant.restrict) };
}

function chooseSourceIps({ sourceIp }: Restrictions): { readonly sourceIps?: readonly string[] } {
  if (sourceIp === undefined) return {};
  return { sourceIps: sourceIp === 'caller' ? [LONGEST_ADDRESS] : sourceIp };
}

/** A value as long as the attribute's can be, unlike that of every other attribute. */
function makeStandIn(issuer: TrustedIssuer, name: string): string {
  const index = issuer.attributes.findIndex((attribute) => attribute.name === name);
  const rule = issuer.attributes[index];
  if (rule === undefined) throw new Error(`attribute "${name}" is not defined`);
  const signs = canBeWide(rule) ? WIDE_SIGNS : ASCII_SIGNS;
  const length = longestValue(rule);
  let standIn = '';
  for (let rest = index; standIn.length < length; ) {
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
