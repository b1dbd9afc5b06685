/** Comments that silence a rule: where they may stand, and what is wrong with them. */
import { describe, expect, it } from 'vitest';
import { check, GRANT, HEAD, rulesIn } from './support.ts';

const IGNORE = '# check-ignore public-acl: avatars are public';
const FOUND = `${HEAD}${GRANT}    publicAcl: allow`;

describe('a silence', () => {
  it.each([
    ['on the line', `${FOUND} ${IGNORE}\n`],
    ['above the line', `${HEAD}${GRANT}    ${IGNORE}\n    publicAcl: allow\n`],
    ['above the line, less indented', `${HEAD}${GRANT}${IGNORE}\n    publicAcl: allow\n`],
    ['above other comments', `${HEAD}${GRANT}    ${IGNORE}\n    # more\n\n    publicAcl: allow\n`],
    ['on the first of several lines of one value', `${FOUND} ${IGNORE}\n    when:\n      []\n`],
    ['without a space after the sign', `${FOUND} #check-ignore public-acl: they are public\n`],
    ['in a file with CRLF', `${FOUND} ${IGNORE}\n`.replaceAll('\n', '\r\n')],
    ['in a file with a byte order mark', `\uFEFF${FOUND} ${IGNORE}\n`],
    [
      'in a flow map',
      `${HEAD}  - { name: a, issuer: app, role: "acs:ram::123456789012:role/x", ${IGNORE}\n      allow: [{ target: "oss://app-media/{user}/", permissions: [read] }], publicAcl: allow } ${IGNORE}\n`,
    ],
  ])('counts %s', (where, text) => {
    const { findings, silenced } = check(text);
    const others = where === 'in a flow map' ? ['silence-unused'] : [];

    expect(findings.map(({ rule }) => rule)).toEqual(others);
    expect(silenced).toMatchObject([{ rule: 'public-acl' }]);
    expect(silenced[0]?.silence).toMatch(/are public$/);
  });

  it.each([
    ['on another line', `${HEAD}${GRANT}    publicAcl: allow\n    mode: enforce ${IGNORE}\n`],
    ['for another rule', `${FOUND} # check-ignore plain-http: it is public\n`],
    ['without a reason', `${FOUND} # check-ignore public-acl\n`],
    ['with an empty reason', `${FOUND} # check-ignore public-acl:   \n`],
    ['for all rules', `${FOUND} # check-ignore *: all is well\n`],
    ['without a rule', `${FOUND} # check-ignore\n`],
  ])('does not count %s, and is a finding itself', (_where, text) => {
    const { findings, silenced } = check(text);

    expect(silenced).toEqual([]);
    expect(findings.map(({ rule }) => rule).filter((rule) => rule === 'public-acl')).toHaveLength(
      1,
    );
    expect(findings.filter(({ rule }) => rule.startsWith('silence-'))).toHaveLength(1);
  });

  it('is no comment inside of a value', () => {
    const external = (text: string) =>
      `${HEAD}${GRANT}    when:\n      - claim: note\n        ${text}\n`;

    expect(rulesIn(external(`equals: "${IGNORE}"`))).toEqual([]);
    expect(rulesIn(external(`equals: a${IGNORE.replace(': ', ' ')}`))).toEqual([]);
    expect(rulesIn(external(`equals: |\n          ${IGNORE}`))).toEqual([]);
    // the same as a comment
    expect(rulesIn(external(`equals: a ${IGNORE}`))).toEqual(['silence-unused:16']);
  });

  it('does not silence what stops a config from loading', () => {
    const text = `${HEAD}${GRANT}    publicAcl: perhaps # check-ignore invalid-config: we like it\n`;

    expect(rulesIn(text)).toEqual(['invalid-config:14']);
  });

  it('of a rule about silences is one of no rule', () => {
    const text = `${FOUND} # check-ignore silence-unused: never mind\n`;

    expect(rulesIn(text)).toEqual(['public-acl:14', 'silence-of-no-rule:14']);
  });
});
