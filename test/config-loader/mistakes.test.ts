/** Frequent mistakes in a config: each gives exactly these lines, and no others. */
import { describe, expect, it } from 'vitest';
import { ConfigError, formatProblem } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';

const GOOD = `region: cn-hangzhou
buckets:
  media: { region: cn-hangzhou }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [broker]
    attributes:
      user: { claim: sub }
      team: { claim: groups, grammar: path }
grants:
  - name: files
    issuer: app
    role: acs:ram::123456789012:role/uploader
    allow:
      - { target: "oss://media/users/{user}/", permissions: [list, write] }
`;

interface Change {
  readonly from: string;
  readonly to: string;
}

function change({ from, to }: Change): string {
  if (!GOOD.includes(from)) throw new Error(`no "${from}" in the config`);
  return GOOD.replace(from, to);
}

/** What the loader says: problems, or warnings if the config loads. */
function linesOf(text: string): readonly string[] {
  try {
    return loadConfig({ text, file: 'broker.yaml', environment: {} }).warnings.map(
      (warning) => `warning: ${formatProblem(warning)}`,
    );
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
}

const TARGET = '"oss://media/users/{user}/"';
const ALLOW = `{ target: ${TARGET}, permissions: [list, write] }`;
const second = (lines: string): Change => ({ from: GOOD, to: `${GOOD}${lines}` });
const grant = (name: string, target: string, more = ''): string => `  - name: ${name}
    issuer: app
    role: acs:ram::123456789012:role/uploader
    allow:
      - { target: "${target}", permissions: [read] }
${more}`;

describe('a mistake in the YAML', () => {
  it.each<[string, Change, string[]]>([
    [
      'a target without quotes',
      { from: TARGET, to: 'oss://media/users/{user}/' },
      ['16:19 a target with "{" must be in quotes here; write "oss://media/users/{user}/"'],
    ],
    [
      'a target without quotes at the end of a map',
      { from: ALLOW, to: '{ permissions: [read], target: oss://media/{user}/ }' },
      ['16:40 a target with "{" must be in quotes here; write "oss://media/{user}/"'],
    ],
    [
      'a line that is indented with a tab',
      { from: '    issuer: app', to: '\tissuer: app' },
      ['13:1 is indented with a tab; use spaces instead'],
    ],
    [
      'a key that is indented too far',
      { from: '    issuer: app', to: '     issuer: app' },
      [
        '12:11 the lines here do not line up; indent the keys of one map, and the items of one list, by the same number of spaces',
      ],
    ],
    [
      'a key that is not indented enough',
      { from: '    issuer: app', to: '   issuer: app' },
      [
        '13:1 the lines here do not line up; indent the keys of one map, and the items of one list, by the same number of spaces',
      ],
    ],
    [
      'a key without a colon',
      { from: 'issuer: app', to: 'issuer app' },
      ['13:5 is not "key: value"; write a colon and a space after the key'],
    ],
    [
      'a key without a space after its colon',
      { from: 'issuer: app', to: 'issuer:app' },
      ['13:5 is not "key: value"; write a colon and a space after the key'],
    ],
    [
      'a list item without a space after its dash',
      { from: '- name: files', to: '-name: files' },
      ['12:10 write a space after "-"'],
    ],
    [
      'a second colon in a value',
      { from: 'issuer: app', to: 'issuer: app: web' },
      ['13:13 has a second ": " in one line; put the value in quotes'],
    ],
    [
      'a value that begins with a reserved character',
      { from: 'issuer: app', to: 'issuer: @app' },
      ['13:13 has a value that begins with "@"; put the value in quotes'],
    ],
    [
      'a list that is not closed',
      { from: 'write] }', to: 'write }' },
      ['16:74 a [ before this place is not closed; add ]'],
    ],
    [
      'a quote that is not closed',
      { from: '{user}/",', to: '{user}/,' },
      ['16:19 a text that begins with " does not end; add "'],
    ],
    [
      'two keys that are there twice',
      second('region: cn-beijing\ngrants: []\n'),
      [
        '17:1 has the key "region" a second time in the same map; remove one of the two',
        '18:1 has the key "grants" a second time in the same map; remove one of the two',
      ],
    ],
    [
      'a second document',
      second('---\nregion: cn-beijing\n'),
      ['17:1 begins a second document with "---"; keep one document'],
    ],
  ])('is reported once: %s', (_what, edit, expected) => {
    expect(linesOf(change(edit))).toEqual(expected.map((line) => `broker.yaml:${line}`));
  });
});

describe('a mistake in a value', () => {
  it.each<[string, Change, string[]]>([
    [
      'a character that a target must not contain',
      { from: 'users/{user}/', to: 'users/$x/{user}/' },
      ['16:19 grants[0].allow[0].target: the key contains "$", which is not allowed'],
    ],
    [
      'a character that cannot be seen',
      { from: 'users/{user}/', to: 'users/a\u200bb/{user}/' },
      [
        '16:19 grants[0].allow[0].target: the key contains the character U+200B, which is not allowed',
      ],
    ],
    [
      'a name that two grants have',
      second(
        grant('files', 'oss://media/shared/x.txt', '    when: [{ claim: plan, equals: a }]\n'),
      ),
      ['17:11 grants[1].name: "files" is already the name of grants[0]; use a different one'],
    ],
    [
      'a variable that is not set, in two places',
      {
        from: GOOD,
        to: GOOD.replace('acs:ram::123456789012:role/uploader', '${env:ROLE}').replace(
          '[broker]',
          '["${env:ROLE}"]',
        ),
      },
      [
        '7:17 the environment variable "ROLE" is not set; set it, or write the value here (also used in line 14)',
      ],
    ],
    [
      'two variables that are not set',
      {
        from: GOOD,
        to: GOOD.replace('acs:ram::123456789012:role/uploader', '${env:ROLE}').replace(
          '[broker]',
          '["${env:AUDIENCE}"]',
        ),
      },
      [
        '7:17 the environment variable "AUDIENCE" is not set; set it, or write the value here',
        '14:11 the environment variable "ROLE" is not set; set it, or write the value here',
      ],
    ],
    [
      'a private key in jwks',
      {
        from: '    audiences:',
        to: '    jwks: { keys: [{ kty: EC, crv: P-256, x: a, y: b, d: c }, { kty: EC, crv: P-256, x: a, y: b }] }\n    audiences:',
      },
      [
        '7:20 issuers[0].jwks.keys[0]: is a private key; remove d, and replace the key pair if this file was shared',
      ],
    ],
    [
      'a symmetric key in jwks',
      {
        from: '    audiences:',
        to: '    jwks: { keys: [{ kty: oct, k: c2VjcmV0 }] }\n    audiences:',
      },
      [
        '7:20 issuers[0].jwks.keys[0]: is a symmetric key, and anyone who verifies with it can also sign; use the public key of an asymmetric pair',
      ],
    ],
    [
      'numbers that are rounded',
      second(
        '    when: [{ claim: owner, equals: 1234567890123456789 }, { claim: n, in: [1, -9007199254740993] }, { claim: n, equals: 9007199254740991 }]\n',
      ),
      [
        '17:36 grants[0].when[0].equals: has a number beyond 2^53, which equals its neighbours; write it in quotes, and let the issuer send a string',
        '17:75 grants[0].when[1].in: has a number beyond 2^53, which equals its neighbours; write it in quotes, and let the issuer send a string',
      ],
    ],
    [
      'a path before other segments',
      { from: 'users/{user}/', to: '{team}/users/{user}/' },
      [
        '16:19 grants[0].allow[0].target: "{team}" is an attribute of the grammar path, and other segments follow it, so that a longer value could reach another caller\'s prefix; put it last, or give it another grammar',
      ],
    ],
  ])('is reported once: %s', (_what, edit, expected) => {
    expect(linesOf(change(edit))).toEqual(expected.map((line) => `broker.yaml:${line}`));
  });
});

describe('a config that loads', () => {
  it.each<[string, Change, string[]]>([
    [
      'a target that may have been meant as a prefix',
      { from: ALLOW, to: '{ target: "oss://media/users/{user}", permissions: [write] }' },
      [
        '16:19 grants[0].allow[0].target: is one object, because it does not end with "/"; write "oss://media/users/{user}/" if a prefix is meant',
      ],
    ],
    [
      'a target with the name of a file',
      { from: ALLOW, to: '{ target: "oss://media/users/{user}/a.png", permissions: [write] }' },
      [],
    ],
    [
      'claims with dots',
      {
        from: GOOD,
        to: `${GOOD.replace('{ claim: sub }', '{ claim: app.user }')}    when: [{ claim: realm.tenant, equals: a }]\naudit: { claims: [realm.tenant] }\n`,
      },
      [
        '9:22 issuers[0].attributes.user.claim: "app.user" is the name of one claim; write [app, user] for a claim in nested objects',
        '17:21 grants[0].when[0].claim: "realm.tenant" is the name of one claim; write [realm, tenant] for a claim in nested objects',
        '18:19 audit.claims[0]: "realm.tenant" is the name of one claim; write [realm, tenant] for a claim in nested objects',
      ],
    ],
    [
      'a claim whose name is a URL',
      { from: '{ claim: sub }', to: '{ claim: "https://example.com/user" }' },
      [],
    ],
    [
      'an ID that is compared with a number',
      {
        from: GOOD,
        to: `${GOOD}    when: [{ claim: tenant_id, equals: 42 }, { claim: [org, id], in: ["a", 7] }, { claim: level, equals: 3 }]\n`,
      },
      [
        '17:40 grants[0].when[0].equals: compares the ID tenant_id with a number, which does not equal the same digits in a string; write "42" if the issuer sends a string, as most do',
        '17:70 grants[0].when[1].in: compares the ID id with a number, which does not equal the same digits in a string; write "7" if the issuer sends a string, as most do',
      ],
    ],
    [
      'ranges with host bits',
      second('    restrict: { sourceIp: [10.1.2.3/8, 10.0.0.0/8, "2001:db8::1/32", 192.0.2.7] }\n'),
      [
        '17:28 grants[0].restrict.sourceIp[0]: has bits set beyond its prefix length, so it means 10.0.0.0/8; write that, or 10.1.2.3 for one address',
        '17:52 grants[0].restrict.sourceIp[2]: has bits set beyond its prefix length, so it means 2001:db8::/32; write that, or 2001:db8::1 for one address',
      ],
    ],
    [
      'a prefix that the value of an attribute can equal',
      second(
        grant('shared', 'oss://media/users/shared/', '    when: [{ claim: plan, equals: a }]\n'),
      ),
      [
        '16:19 grants[0].allow[0].target: a caller whose {user} is "shared" shares a place with "oss://media/users/shared/" of the grant shared; begin the two targets with different prefixes',
      ],
    ],
    [
      'an object below a prefix that the value of an attribute can equal',
      second(
        grant(
          'logo',
          'oss://media/users/shared/logo.png',
          '    when: [{ claim: plan, equals: a }]\n',
        ),
      ),
      [
        '16:19 grants[0].allow[0].target: a caller whose {user} is "shared" shares a place with "oss://media/users/shared/logo.png" of the grant logo; begin the two targets with different prefixes',
      ],
    ],
    [
      'a prefix that no value of the attribute can equal',
      {
        from: GOOD,
        to: `${GOOD.replace('{ claim: sub }', '{ claim: sub, as: hash }')}${grant('shared', 'oss://media/users/shared/', '    when: [{ claim: plan, equals: a }]\n')}`,
      },
      [],
    ],
    [
      'prefixes that differ behind an attribute',
      {
        from: GOOD,
        to: `${GOOD.replace('users/{user}/', 'users/{user}/inbox/')}${grant('out', 'oss://media/users/all/outbox/', '    when: [{ claim: plan, equals: a }]\n')}`,
      },
      [],
    ],
    [
      'two issuers that fill in one prefix',
      {
        from: GOOD,
        to: `${GOOD.replace('grants:\n', '  - name: web\n    issuer: https://web.example.com/\n    audiences: [broker]\n    attributes: { person: { claim: sub } }\ngrants:\n')}${grant('web-files', 'oss://media/users/{person}/').replace('issuer: app', 'issuer: web')}`,
      },
      [
        '25:19 grants[1].allow[0].target: subjects of the issuers web and app with equal values share this target (see the grant files); give each issuer a prefix of its own',
      ],
    ],
  ])('warns of what was probably not meant: %s', (_what, edit, expected) => {
    expect(linesOf(change(edit))).toEqual(expected.map((line) => `warning: broker.yaml:${line}`));
  });
});
