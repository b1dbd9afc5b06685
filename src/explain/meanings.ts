/** What each reason of a refusal means, and what to do: the table of docs/operations.md, as text. */
import type { Reason } from '../refusal.ts';

/** Cause, and what to do. */
export const MEANINGS: Readonly<Record<Reason, string>> = {
  route_unknown: "the caller's address is wrong",
  too_many_header_lines: 'the request has more header lines than this; none of them was read',
  method_not_allowed: 'the caller must use one of these methods',
  not_acceptable:
    "the caller's Accept excludes the form of the answer, JSON or XML, or has more than 512 characters",
  body_too_large: 'the body is longer than limitBytes, which no good request needs',
  media_type_unsupported:
    'the body is not application/json, or for a form application/x-www-form-urlencoded, or it is encoded',
  request_malformed:
    'problem says what is wrong, and member with which member or parameter, if it is one',
  grant_type_unsupported: 'a token request of another kind than a token exchange',
  origin_not_allowed: 'the preflight of a page that cors.origins does not list',
  token_missing:
    'no Authorization header, which a proxy may have removed; in a form, no subject_token, OIDCToken or WebIdentityToken',
  token_too_large: 'the issuer puts too much into its tokens',
  token_malformed: 'the caller did not send a JWT',
  header_not_allowed: 'the token brings its own key, is encrypted, or has an unusable kid',
  algorithm_not_allowed: "unverified.alg is not in the issuer's algorithms",
  token_type_not_allowed:
    "unverified.typ is not in the issuer's types; an ID token in place of an access token, for example",
  issuer_untrusted:
    'no issuer of the config has this iss; hint names one that differs by case or by a trailing slash',
  key_unknown:
    'the issuer publishes no key unverified.kid for unverified.alg; a new key shows up within 30 s',
  signature_invalid: 'the token was changed, or another key signed it',
  claim_invalid: 'the issuer sets the claim wrongly',
  claim_not_allowed: 'the token is bound to a key, or is a logout token',
  audience_mismatch: 'the token is for aud, which is not in audiences of the issuer',
  token_expired: 'the caller must get a new token',
  token_not_yet_valid: "the broker's clock and the issuer's differ",
  token_too_old: 'the token is older than maxTokenAge',
  token_revoked: 'the kill switch tokensValidAfter refuses tokens that were issued before it',
  issuer_keys_unavailable: 'the keys could not be loaded: see problem',
  ticket_invalid:
    'a credential URL that was changed or cut, or whose key, grant or claims the config has changed, or that is bound to another address, or denied',
  ticket_expired: 'a credential URL after its end',
  ticket_used_up: 'a credential URL gave as many credentials as it may',
  ticket_too_large:
    'the claims of the subject token make a credential URL longer than Function Compute takes; use fewer of them in conditions, attributes and audit.claims',
  no_grant_fits:
    'the claims fit no grant, or not the one that the caller names: correct the claims at the issuer, or the grant. misfits has each grant and the condition or attribute that did not fit; both types, if the type was the cause. Of more than 100 grants, the first 100, and how many there are',
  grant_not_available:
    'the claims fit no grant, or not the one that the caller names: correct the claims at the issuer, or the grant. misfits has each grant and the condition or attribute that did not fit; both types, if the type was the cause. Of more than 100 grants, the first 100, and how many there are',
  ambiguous_grant: 'the caller must name one of them',
  target_malformed: 'compare with requested.target',
  target_outside_grant: 'requested.target is in none of them',
  permission_outside_grant: 'compare with requested.permissions',
  policy_outside_grant:
    'Policy of the API of STS and the grant have nothing in common, or nothing that targets and permissions can say, or the policy has too many names for so many targets; compare with requested.policy',
  duration_outside_grant: 'compare with requested.duration',
  token_life_too_short: 'the grant is strict',
  caller_address_unknown: 'correct callerAddress of the config',
  session_policy_too_large: 'the caller must ask for one target',
  subject_denied: 'the kill switch deny of the issuer',
  token_denied: 'the kill switch deny of the issuer',
  key_denied: 'the kill switch deny.keyIds',
  grant_disabled: 'a kill switch of the grant',
  rate_limited: 'the limit in scope is used up',
  token_replayed: 'the token was used before',
  replay_store_unavailable: 'the store of used tokens does not answer, or is full: see problem',
  source_credentials_unavailable: 'the source credentials cannot be read or renewed: see problem',
  sts_share_used_up: 'too many requests wait for STS: of this subject, or of all together',
  sts_throttled: 'STS allows 100 AssumeRole a second for an account',
  sts_unavailable: 'STS failed, or does not answer',
  sts_refused: 'hint says what to change',
  sts_answer_unusable: 'STS, or something between it and the broker, sent an unusable answer',
  audit_unavailable: 'standard output cannot be written, or nobody reads it',
  internal_error: 'a defect, and where it is',
};
