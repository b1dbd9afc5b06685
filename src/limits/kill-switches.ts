/** Kill switches: refuse subjects, tokens, keys and grants that the config denies or disables. */
import type { Config, Grant } from '../config/config.ts';
import type { DenyLists } from '../config/limit-settings.ts';
import type { CheckKillSwitches, SubjectToken } from '../ports.ts';
import { refuse } from '../refusal.ts';

type Deny = Readonly<Record<keyof DenyLists, ReadonlySet<string>>>;

export interface KillSwitches {
  /** Throws `subject_denied`, `token_denied` or `key_denied`, whatever grant is asked for. */
  readonly refuseDenied: (token: SubjectToken) => void;
  /** Throws `grant_disabled` or `token_revoked`. */
  readonly checkGrant: CheckKillSwitches;
}

/** Makes the checks for a config's issuers and grants. */
export function createKillSwitches(config: Pick<Config, 'issuers' | 'grants'>): KillSwitches {
  const ofIssuers = new Map(config.issuers.map(({ name, deny }) => [name, toSets(deny)]));
  const ofGrants = new Map(config.grants.map(({ name, deny }) => [name, toSets(deny)]));

  function refuseDenied(token: SubjectToken): void {
    const { issuer, keyId } = token;
    const issuerName = issuer.name;
    const denied = findDenied(ofIssuers.get(issuerName), token);
    if (denied === 'subject') throw refuse({ reason: 'subject_denied', issuerName });
    if (denied === 'tokenId') throw refuse({ reason: 'token_denied', issuerName });
    if (denied === 'keyId') {
      throw refuse({ reason: 'key_denied', issuerName, keyId: keyId ?? '' });
    }
  }

  function checkGrant(token: SubjectToken, grant: Grant): void {
    if (grant.disabled === true) {
      throw refuse({ reason: 'grant_disabled', grant: grant.name, by: 'disabled' });
    }
    const deniedByGrant = findDenied(ofGrants.get(grant.name), token);
    if (deniedByGrant !== undefined) {
      throw refuse({ reason: 'grant_disabled', grant: grant.name, by: deniedByGrant });
    }
    const validAfter = grant.tokensValidAfter;
    if (validAfter !== undefined && token.issuedAt < validAfter) {
      const { issuer, issuedAt } = token;
      throw refuse({ reason: 'token_revoked', issuerName: issuer.name, issuedAt, validAfter });
    }
  }

  return { refuseDenied, checkGrant };
}

function toSets(lists: DenyLists | undefined): Deny | undefined {
  if (lists === undefined) return undefined;
  const { subjects, tokenIds, keyIds } = lists;
  return { subjects: new Set(subjects), tokenIds: new Set(tokenIds), keyIds: new Set(keyIds) };
}

function findDenied(
  deny: Deny | undefined,
  { subject, tokenId, keyId }: SubjectToken,
): 'subject' | 'tokenId' | 'keyId' | undefined {
  if (deny === undefined) return undefined;
  if (deny.subjects.has(subject)) return 'subject';
  if (tokenId !== undefined && deny.tokenIds.has(tokenId)) return 'tokenId';
  return keyId !== undefined && deny.keyIds.has(keyId) ? 'keyId' : undefined;
}
