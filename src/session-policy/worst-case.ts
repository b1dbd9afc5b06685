/** Computes, when the config loads, how long the session policy of a grant can become. */
import type { AttributeRule, Grant, Restrictions, TrustedIssuer } from '../config/config.ts';
import type { SessionPolicyInput } from '../ports.ts';
import { boundSessionPolicyBytes } from './session-policy.ts';

/** The longest text of an IP address: an IPv6 address that ends with an IPv4 address. */
const LONGEST_ADDRESS = '0000:0000:0000:0000:0000:ffff:255.255.255.255';

/** Base32 of a SHA-256. */
const HASH_LENGTH = 52;
const UUID_LENGTH = 36;

/** Characters that a policy may contain and operators rarely write, so that no stand-in equals configured text. */
const ASCII_SIGNS = "!&'()+,;<=>^`|~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/** Three bytes each in UTF-8, the maximum for one UTF-16 code unit. */
const WIDE_SIGNS = '一丁七万丈三上下不与丐丑专且世丘丙业丛东丝丞両丢两严並丧丨个';

/**
 * Returns the maximum bytes of the grant's session policy while each attribute has one value: every
 * attribute and the caller's address have their longest value. How many values an array attribute
 * has is known only at the request, and `renderGrant` refuses a policy that is too long. Throws a
 * plain Error for a grant that cannot be rendered, such as one that lists a single object.
 */
export function worstCasePolicyBytes(grant: Grant, issuer: TrustedIssuer): number {
  return boundSessionPolicyBytes(fillGrant(grant, issuer));
}

/** Replaces each attribute of the grant by a stand-in for its value. */
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

/** Makes a value of the attribute's maximum length that differs from the stand-in of every other attribute. */
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

/** Only a custom grammar can allow characters of more than one byte. */
function canBeWide({ hash, grammar }: AttributeRule): boolean {
  return !hash && grammar.kind === 'custom' && /[^ -~]/.test(grammar.characters);
}
