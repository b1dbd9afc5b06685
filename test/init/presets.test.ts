/** Every preset: what it writes loads, passes `check`, deploys, and decides rightly on tokens as its issuer sends them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../src/check/check-config.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { createDecide } from '../../src/decide.ts';
import { problemOf, valuesOf } from '../../src/init/answers.ts';
import { writeBrokerYaml } from '../../src/init/broker-yaml.ts';
import { PRESETS } from '../../src/init/presets.ts';
import { writeSYaml } from '../../src/init/s-yaml.ts';
import { createSessionPolicyMemo } from '../../src/session-policy/session-policy-memo.ts';
import { exampleAnswers, TOKENS } from './values.ts';

const each = PRESETS.map((preset) => [preset.name, preset] as const);

describe.each(each)('the preset %s', (name, preset) => {
  const text = writeBrokerYaml(preset, exampleAnswers(preset));
  const { config, warnings } = loadConfig({ text, file: 'broker.yaml', environment: {} });
  const [issuer] = config.issuers;
  const decide = createDecide(config.grants, createSessionPolicyMemo(1));
  const asked = { tokenLeftSeconds: 3600, callerAddress: undefined };

  function outcomeFor(claims: Readonly<Record<string, unknown>>) {
    if (issuer === undefined) throw new Error('there is no issuer');
    const given = Object.fromEntries(Object.entries(claims).filter(([, one]) => one !== undefined));
    const token = { issuer, subject: 'x', claims: given, issuedAt: 0, expiresAt: 3600 };
    return decide(token, asked);
  }

  it('writes a config in which check finds nothing', () => {
    expect(warnings).toEqual([]);
    expect(checkConfig({ text, file: 'broker.yaml', environment: {} }).findings).toEqual([]);
  });

  it('writes one without pages too, in which check finds no more than a note', () => {
    const without = writeBrokerYaml(preset, { ...exampleAnswers(preset), origin: '' });
    const { findings } = checkConfig({ text: without, file: 'broker.yaml', environment: {} });

    expect(findings.map(({ severity }) => severity).filter((one) => one !== 'note')).toEqual([]);
  });

  it('gives a token of its issuer a place of its own, and refuses others', () => {
    const { granted, target, refused } = TOKENS[name] ?? { granted: {}, target: '', refused: [] };
    const decision = outcomeFor(granted);

    expect(refused.length).toBeGreaterThan(0);
    expect(decision.outcome).toBe('granted');
    expect(decision.narrowed?.allowances.map((one) => one.target.key)).toEqual([target]);
    for (const change of refused) {
      expect([change, outcomeFor({ ...granted, ...change }).outcome]).toEqual([change, 'refused']);
    }
  });

  it('takes no value that a config would read otherwise', () => {
    for (const [, asked] of valuesOf(preset)) {
      const { example } = asked;

      expect(problemOf(asked, example)).toBeUndefined();
      for (const bad of [
        '${env:HOME}',
        `${example}"`,
        `${example} #`,
        `${example}\n`,
        `{${example}}`,
        `${example}: x`,
      ]) {
        expect([bad, problemOf(asked, bad)]).toEqual([bad, expect.stringContaining(example)]);
      }
    }
  });

  it('says what to check, in lines that can be read', () => {
    expect(preset.mustCheck.length).toBeGreaterThan(0);
    expect(text).toMatch(/^# The config of oss-token-broker for .*\n(?:#.*\n)*region: /);
    expect(text.split('\n').filter((line) => line.length > 110)).toEqual([]);
  });
});

describe('an issuer of another form', () => {
  it.each([
    ['auth0', 'https://example.eu.auth0.com'],
    ['okta', 'https://example.okta.com'],
    ['keycloak', 'https://id.example.com/realms/main/'],
    ['entra-id', 'https://login.microsoftonline.com/common/v2.0'],
    ['entra-id', 'https://login.microsoftonline.com/organizations/v2.0'],
    ['entra-id', 'https://sts.windows.net/00000000-0000-4000-8000-000000000000/'],
    ['firebase', 'https://securetoken.google.com/'],
    ['cognito', 'https://cognito-idp.evil.com/eu-central-1_Example00'],
    ['supabase', 'https://exampleproject.supabase.co'],
    ['clerk', 'https://clerk.example.com/'],
    ['authing', 'https://example.authing.cn'],
    ['casdoor', 'https://door.example.com/'],
    ['generic', 'http://login.example.com'],
    ['generic', 'https://login.example.com/?a=b'],
    ['generic', 'https://user:pass@login.example.com'],
  ])('is not taken by %s: %s', (name, url) => {
    const preset = PRESETS.find((known) => known.name === name);
    const [, asked] = preset === undefined ? [] : (valuesOf(preset)[0] ?? []);

    expect(asked === undefined ? undefined : problemOf(asked, url)).toContain('looks like');
  });
});

describe('s.yaml', () => {
  const own = readFileSync(new URL('../../s.yaml', import.meta.url), 'utf8');

  it('is the one of the project, with the values of the operator', () => {
    const usual = { region: 'cn-hangzhou', account: '123456789012', code: './dist' };

    expect(writeSYaml(usual)).toBe(own);
  });

  it('has the region and the account of the config everywhere', () => {
    const other = writeSYaml({ region: 'ap-southeast-1', account: '99999', code: '../dist' });

    expect(other).not.toMatch(/cn-hangzhou|123456789012/);
    expect(other).toContain('role: acs:ram::99999:role/oss-token-broker');
    expect(other).toContain('code: ../dist\n');
  });
});
