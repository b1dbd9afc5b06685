import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/config/config.ts';
import { indexGrants } from '../../src/grants/grant-index.ts';
import { matchGrant } from '../../src/grants/match-grant.ts';
import { parseTarget } from '../../src/grants/target.ts';
import { type Refusal, RefusalError } from '../../src/refusal.ts';
import { makeAllowance, makeClaims, makeGrant, makeToken } from '../support/config.ts';

const TOKEN = makeToken({ claims: makeClaims({ sub: 'user-1', plan: 'pro' }) });

const own = makeGrant({ name: 'own' });
const shared = makeGrant({ name: 'shared', allow: [makeAllowance('oss://app-media/shared/')] });
const teams = makeGrant({
  name: 'teams',
  when: [{ claim: ['plan'], operator: 'equals', value: 'team' }],
  allow: [makeAllowance('oss://app-media/teams/')],
});
const foreign = makeGrant({ name: 'foreign', issuer: 'other' });

function match(
  grants: readonly Grant[],
  asked: { grant?: string; roleArn?: string; target?: string } = {},
) {
  const { grant, roleArn, target } = asked;
  return matchGrant(indexGrants(grants), TOKEN, {
    grant,
    roleArn,
    target: target === undefined ? undefined : parseTarget(target),
  });
}

function refusalOf(...args: Parameters<typeof match>): Refusal {
  try {
    match(...args);
  } catch (error) {
    if (error instanceof RefusalError) return error.refusal;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('matching', () => {
  it('finds the only grant that fits', () => {
    expect(match([teams, foreign, own]).grant.name).toBe('own');
    expect(match([own]).allowances.map(({ target }) => target.key)).toEqual(['users/user-1/']);
  });

  it('finds the grant that the caller names', () => {
    expect(match([own, shared], { grant: 'shared' }).grant.name).toBe('shared');
  });

  it('finds the grant of the role that the caller names', () => {
    const reader = makeGrant({ name: 'reader', role: 'acs:ram::123456789012:role/oss-reader' });
    const asked = { roleArn: 'acs:ram::123456789012:role/oss-reader' };
    expect(match([own, reader], asked).grant.name).toBe('reader');
  });

  it('tells grants of one role apart by their aliases', () => {
    const account = own.role.slice(0, own.role.indexOf('/'));
    expect(match([own, shared], { roleArn: `${account}/shared` }).grant.name).toBe('shared');
    expect(refusalOf([own, shared], { roleArn: own.role })).toEqual({
      reason: 'ambiguous_grant',
      grants: ['own', 'shared'],
    });
  });

  it.each([
    ['another role', 'acs:ram::123456789012:role/other'],
    ['an alias in another account', 'acs:ram::999999999999:role/own'],
    ['a name alone', 'own'],
    ['an alias in another case', 'acs:ram::123456789012:role/OWN'],
    ['nothing', ''],
  ])('refuses a role ARN that means no grant: %s', (_, roleArn) => {
    expect(match([own], { roleArn: 'acs:ram::123456789012:role/own' }).grant.name).toBe('own');
    expect(refusalOf([own], { roleArn })).toEqual({ reason: 'grant_not_available', misfits: [] });
  });

  it('refuses the role of a grant that does not fit, and tells the operator why', () => {
    const roleArn = 'acs:ram::123456789012:role/teams';
    const other = { ...teams, name: 'other' };
    expect(refusalOf([own, other, teams], { roleArn })).toEqual({
      reason: 'grant_not_available',
      misfits: [{ grant: 'teams', why: expect.anything() }],
    });
  });

  it('finds no grant whose name and role do not belong together', () => {
    const roleArn = 'acs:ram::123456789012:role/shared';
    expect(refusalOf([own, shared], { grant: 'own', roleArn }).reason).toBe('grant_not_available');
    expect(match([own, shared], { grant: 'shared', roleArn }).grant.name).toBe('shared');
  });

  it('finds the only grant that covers the target', () => {
    const target = 'oss://app-media/shared/a';
    expect(match([own, shared], { target }).grant.name).toBe('shared');
    expect(match([own, shared], { target, grant: 'shared' }).grant.name).toBe('shared');
  });

  it('finds a grant of which one of several targets covers the target', () => {
    const both = makeGrant({
      name: 'both',
      allow: [makeAllowance('oss://app-media/pictures/'), makeAllowance('oss://app-media/films/')],
    });
    const target = 'oss://app-media/films/a';
    expect(match([own, shared, both], { target }).grant.name).toBe('both');
  });

  it('refuses if several grants fit, and names only those', () => {
    expect(refusalOf([own, teams, shared, foreign])).toEqual({
      reason: 'ambiguous_grant',
      grants: ['own', 'shared'],
    });
  });

  it('refuses if several grants cover the target, and names only those', () => {
    const twin = makeGrant({ ...own, name: 'twin' });
    const target = 'oss://app-media/users/user-1/a';
    expect(refusalOf([own, twin, shared], { target })).toEqual({
      reason: 'ambiguous_grant',
      grants: ['own', 'twin'],
    });
    expect(match([own, twin, shared], { target, grant: 'twin' }).grant.name).toBe('twin');
  });

  it('refuses a target that no fitting grant covers', () => {
    for (const key of ['users/user-10/', 'users/', '', 'teams/', 'users/user-1']) {
      expect(refusalOf([own, shared, teams], { target: `oss://app-media/${key}` })).toEqual({
        reason: 'target_outside_grant',
        grants: ['own', 'shared'],
      });
    }
    expect(refusalOf([own], { target: 'oss://app-media-2/users/user-1/' }).reason).toBe(
      'target_outside_grant',
    );
  });

  it('refuses a target outside the named grant, even if another grant covers it', () => {
    const target = 'oss://app-media/shared/a';
    expect(refusalOf([own, shared], { grant: 'own', target })).toEqual({
      reason: 'target_outside_grant',
      grants: ['own'],
    });
  });

  it('refuses if no grant fits, and says why for each grant of the issuer', () => {
    expect(refusalOf([teams, foreign])).toEqual({
      reason: 'no_grant_fits',
      misfits: [{ grant: 'teams', why: 'condition equals on claim "plan" does not hold' }],
    });
    expect(refusalOf([])).toEqual({ reason: 'no_grant_fits', misfits: [] });
  });

  it('refuses a grant that does not exist, does not fit or is for another issuer in the same way', () => {
    for (const grant of ['teams', 'foreign', 'nobody', 'Own', 'own ', '__proto__', '']) {
      expect(refusalOf([own, teams, foreign], { grant }).reason).toBe('grant_not_available');
    }
  });
});
