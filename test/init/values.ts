/** Values for every preset, as an operator gives them, and tokens as its issuer sends them. */
import { type Answers, valuesOf } from '../../src/init/answers.ts';
import type { Preset } from '../../src/init/preset.ts';

/** The examples of the preset. */
export function exampleAnswers(preset: Preset): Answers {
  return Object.fromEntries(valuesOf(preset).map(([name, { example }]) => [name, example]));
}

type Claims = Readonly<Record<string, unknown>>;

interface Tokens {
  readonly granted: Claims;
  readonly target: string;
  /** What each of these changes makes the token one that gets nothing. */
  readonly refused: readonly Claims[];
}

const UUID = 'c0ffee00-0000-4000-8000-00000000c0de';
const users = (id: string) => `users/${id}/`;

/** Claims by the name of the preset, from the examples of the vendors' own pages. */
export const TOKENS: Readonly<Record<string, Tokens>> = {
  auth0: {
    granted: { sub: 'auth0|6512bd43d9caa6e02c990b0a', azp: 'x', scope: 'openid' },
    target: users('auth0|6512bd43d9caa6e02c990b0a'),
    refused: [{ sub: 'x/../y' }],
  },
  okta: {
    granted: { sub: 'me@example.com', uid: '00uid4BxXw6I6TV4m0g3', cid: 'x', scp: ['openid'] },
    target: users('00uid4BxXw6I6TV4m0g3'),
    // a client without a user
    refused: [{ sub: '0oa1', uid: undefined }],
  },
  keycloak: {
    granted: { sub: UUID, typ: 'Bearer', azp: 'page' },
    target: users(UUID),
    refused: [{ typ: 'ID' }, { sub: undefined }],
  },
  'entra-id': {
    granted: { sub: 'AAA', oid: UUID, scp: 'files', ver: '2.0' },
    target: users(UUID),
    // an application, and a token for another scope
    refused: [{ scp: undefined, roles: ['x'] }, { scp: 'mail' }, { oid: undefined }],
  },
  google: {
    granted: { sub: '10769150350006150715113082367', hd: 'example.com', email_verified: true },
    target: users('10769150350006150715113082367'),
    refused: [{ hd: undefined }, { hd: 'other.com' }],
  },
  firebase: {
    granted: {
      sub: 'jUqVdMyBvPhVzsSiLOE0',
      email_verified: true,
      firebase: { sign_in_provider: 'google.com' },
    },
    target: users('jUqVdMyBvPhVzsSiLOE0'),
    refused: [
      { firebase: { sign_in_provider: 'anonymous' } },
      { email_verified: false },
      { firebase: {} },
    ],
  },
  cognito: {
    granted: { sub: UUID, token_use: 'id', email_verified: true },
    target: users(UUID),
    refused: [{ token_use: 'access' }, { email_verified: false }],
  },
  supabase: {
    granted: { sub: UUID, role: 'authenticated', is_anonymous: false },
    target: users(UUID),
    refused: [{ is_anonymous: true }, { role: 'anon' }, { is_anonymous: undefined }],
  },
  clerk: {
    granted: { sub: 'user_2NNEqL2nrIRdJ194ndJqAHwEfxC', azp: 'https://example.com' },
    target: users('user_2NNEqL2nrIRdJ194ndJqAHwEfxC'),
    refused: [{ sub: 'user/1' }],
  },
  'github-actions': {
    granted: {
      sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
      repository_id: '74',
      repository_owner_id: '1234567',
      ref: 'refs/heads/main',
    },
    target: 'releases/74/',
    refused: [
      { repository_owner_id: '65' },
      { repository_owner_id: 1_234_567 },
      { ref: 'refs/pull/1/merge' },
      { ref: 'refs/heads/main2' },
    ],
  },
  'gitlab-ci': {
    granted: {
      sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
      namespace_id: '72',
      project_id: '20',
      ref: 'main',
      ref_type: 'branch',
      ref_protected: 'true',
    },
    target: 'releases/20/',
    refused: [
      { namespace_id: '73' },
      { ref_protected: 'false' },
      { ref_type: 'tag' },
      { ref: 'other' },
    ],
  },
  kubernetes: {
    granted: {
      sub: 'system:serviceaccount:production:uploader',
      'kubernetes.io': {
        namespace: 'production',
        serviceaccount: { name: 'uploader', uid: UUID },
      },
    },
    target: 'workloads/uploader/',
    refused: [
      { 'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'uploader' } } },
      { 'kubernetes.io': { namespace: 'production' } },
    ],
  },
  idaas: {
    granted: { sub: 'user_d6sbsuumeta4h66ec3il' },
    target: users('user_d6sbsuumeta4h66ec3il'),
    refused: [{ sub: 'a/b' }],
  },
  authing: {
    granted: { sub: '5f719946524ee1099229496b' },
    target: users('5f719946524ee1099229496b'),
    refused: [{ sub: 'a|b' }],
  },
  casdoor: {
    granted: { sub: UUID, owner: 'acme', name: 'me' },
    target: users(UUID),
    refused: [{ sub: 'acme/me' }],
  },
  generic: { granted: { sub: 'alice' }, target: users('alice'), refused: [{ sub: '*' }] },
};
