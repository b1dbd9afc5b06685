/** Formats for programs: SARIF as its schema wants it, and commands of GitHub that no text can break. */
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../src/check/check-config.ts';
import type { CheckResult, Finding } from '../../src/check/finding.ts';
import { asGithub } from '../../src/check/formats/as-github.ts';
import { asSarif } from '../../src/check/formats/as-sarif.ts';
import { ALL_RULES } from '../../src/check/rules.ts';
import { memberAt } from '../support/declared.ts';
import { GRANT, HEAD } from './support.ts';

const TEXT = `${HEAD}${GRANT}    publicAcl: allow
    duration: { max: 2h } # check-ignore duration-beyond-role: the role has 2h
`;
const HOSTILE: Finding = {
  rule: 'public-acl',
  severity: 'error',
  file: 'a,b:c%\n::error::x.yaml',
  line: 3,
  column: 5,
  path: 'grants[0]',
  reason: '100%\r\n::set-output name=x::y',
  fix: 'none',
};
const hostile: CheckResult = { file: HOSTILE.file, findings: [HOSTILE], silenced: [], loads: true };
const check = (file: string) => checkConfig({ text: TEXT, file, environment: {} });

describe('a command of GitHub', () => {
  it('names the place, the rule and what to write instead', () => {
    expect(asGithub(check('deploy/broker.yaml'))).toMatch(
      /^::warning file=deploy\/broker\.yaml,line=14,col=16,title=public-acl::grants\[0\]\.publicAcl: lets .*%0AInstead: remove publicAcl, .*\n$/,
    );
  });

  it('stays one command, whatever the text', () => {
    expect(asGithub(hostile)).toBe(
      '::error file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax.yaml,line=3,col=5,title=public-acl::grants[0]: 100%25%0D%0A::set-output name=x::y%0AInstead: none\n',
    );
  });

  it('is a notice for a note', () => {
    const note: Finding = { ...HOSTILE, severity: 'note' };

    expect(asGithub({ ...hostile, findings: [note] })).toMatch(/^::notice /);
  });
});

/** What the schema of SARIF 2.1.0 says of the members that are written: their types, names and enums. */
const text = {
  type: 'object',
  required: ['text'],
  properties: { text: { type: 'string' } },
  additionalProperties: false,
};
const level = { enum: ['none', 'note', 'warning', 'error'] };
const strict = (properties: object, required: readonly string[]) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const SARIF = strict(
  {
    $schema: { type: 'string', format: 'uri' },
    version: { const: '2.1.0' },
    runs: {
      type: 'array',
      items: strict(
        {
          columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
          tool: strict(
            {
              driver: strict(
                {
                  name: { type: 'string' },
                  rules: {
                    type: 'array',
                    uniqueItems: true,
                    items: strict(
                      {
                        id: { type: 'string' },
                        shortDescription: text,
                        help: text,
                        defaultConfiguration: strict({ level }, []),
                      },
                      ['id'],
                    ),
                  },
                },
                ['name'],
              ),
            },
            ['driver'],
          ),
          results: {
            type: 'array',
            items: strict(
              {
                ruleId: { type: 'string' },
                ruleIndex: { type: 'integer', minimum: 0 },
                level,
                message: text,
                locations: {
                  type: 'array',
                  uniqueItems: true,
                  items: strict(
                    {
                      physicalLocation: strict(
                        {
                          artifactLocation: strict(
                            { uri: { type: 'string', format: 'uri-reference' } },
                            [],
                          ),
                          region: strict(
                            {
                              startLine: { type: 'integer', minimum: 1 },
                              startColumn: { type: 'integer', minimum: 1 },
                            },
                            [],
                          ),
                        },
                        [],
                      ),
                    },
                    [],
                  ),
                },
                suppressions: {
                  type: 'array',
                  items: strict(
                    { kind: { enum: ['inSource', 'external'] }, justification: { type: 'string' } },
                    ['kind'],
                  ),
                },
              },
              ['message'],
            ),
          },
        },
        ['tool'],
      ),
    },
  },
  ['version', 'runs'],
);

describe('SARIF', () => {
  const validate = new Ajv({ validateFormats: false }).compile(SARIF);
  const sarif = (result: CheckResult): unknown => JSON.parse(asSarif(result, ALL_RULES));
  const run = (result: CheckResult) => memberAt(sarif(result), ['runs', '0']);

  it.each([
    ['findings and a silence', check('broker.yaml')],
    ['hostile text', hostile],
    ['nothing', { ...hostile, findings: [] }],
  ])('with %s has the form of the standard', (_what, result) => {
    expect(validate(sarif(result)) ? [] : validate.errors).toEqual([]);
  });

  it('says of a silenced finding that it is suppressed, and why', () => {
    const results = memberAt(run(check('broker.yaml')), ['results']);

    expect(results).toMatchObject([
      { ruleId: 'public-acl' },
      {
        ruleId: 'duration-beyond-role',
        suppressions: [{ kind: 'inSource', justification: 'the role has 2h' }],
      },
    ]);
    expect(memberAt(results, ['0', 'suppressions'])).toBeUndefined();
  });

  it('points from each result to its rule', () => {
    const [result] = [memberAt(run(check('broker.yaml')), ['results', '0'])];
    const index = String(memberAt(result, ['ruleIndex']));

    expect(memberAt(run(check('broker.yaml')), ['tool', 'driver', 'rules', index, 'id'])).toBe(
      'public-acl',
    );
  });

  it.each([
    ['broker.yaml', 'broker.yaml'],
    ['my configs/a#1.yaml', 'my%20configs/a%231.yaml'],
    ['/srv/broker.yaml', 'file:///srv/broker.yaml'],
  ])('names the file %s as %s', (file, uri) => {
    const place = ['results', '0', 'locations', '0', 'physicalLocation', 'artifactLocation', 'uri'];

    expect(memberAt(run(check(file)), place)).toBe(uri);
  });
});
