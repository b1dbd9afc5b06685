/** Checks which `sourceCredentials` in `broker.yaml` load, as which settings, and which are reported. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config-loader/config-problems.ts';
import { loadConfig } from '../../src/config-loader/load-config.ts';

const CONFIG = `
region: cn-hangzhou
buckets: { app-media: { region: cn-hangzhou } }
issuers: [{ name: app, issuer: https://login.example.com, audiences: [broker] }]
grants:
  - name: files
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/a/", permissions: [read] }]
`;

function load(section: string) {
  const text = `${CONFIG}sourceCredentials: ${section}\n`;
  return loadConfig({ text, file: 'broker.yaml', environment: {} }).config.sourceCredentials;
}

function messagesOf(section: string): string {
  try {
    load(section);
    return 'it loaded';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

const ROLE = 'acs:ram::123456789012:role/broker';

describe('sourceCredentials', () => {
  it('is optional', () => {
    const { config } = loadConfig({ text: CONFIG, file: 'broker.yaml', environment: {} });
    expect(config).not.toHaveProperty('sourceCredentials');
  });

  it.each([
    ['{ type: environment }', { type: 'environment' }],
    ['{ type: function }', { type: 'function' }],
    ['{ type: default_chain }', { type: 'default_chain' }],
    [
      '{ type: file, path: /run/secrets/key.json }',
      { type: 'file', path: '/run/secrets/key.json' },
    ],
    ['{ type: module, path: ./source.mjs }', { type: 'module', path: './source.mjs' }],
    [
      '{ type: process, command: [vault, read, x] }',
      { type: 'process', command: ['vault', 'read', 'x'] },
    ],
    ['{ type: credentials_uri }', { type: 'credentials_uri' }],
    [
      '{ type: ecs_ram_role, roleName: Ecs, onlyMetadataV2: true }',
      { type: 'ecs_ram_role', roleName: 'Ecs', onlyMetadataV2: true },
    ],
    ['{ type: profile, name: work }', { type: 'profile', name: 'work' }],
    [
      `{ type: ram_role_arn, role: "${ROLE}", duration: 1h, externalId: ab, sts: { network: vpc }, from: { type: ecs_ram_role } }`,
      {
        type: 'ram_role_arn',
        role: ROLE,
        durationSeconds: 3600,
        externalId: 'ab',
        sts: { network: 'vpc' },
        from: { type: 'ecs_ram_role' },
      },
    ],
    [
      '{ type: oidc_role_arn, oidcProvider: "acs:ram::123456789012:oidc-provider/ack", oidcTokenFile: /t }',
      {
        type: 'oidc_role_arn',
        oidcProvider: 'acs:ram::123456789012:oidc-provider/ack',
        oidcTokenFile: '/t',
      },
    ],
  ])('accepts %s', (section, settings) => {
    expect(load(section)).toEqual(settings);
  });

  it.each([
    ['{ type: ecs }', /must have one of the types environment, .*ecs_ram_role/],
    ['{}', /must have one of the types/],
    ['{ type: environment, accessKeySecret: x }', /has an unknown key "accessKeySecret"/],
    ['{ type: file }', /sourceCredentials.path.*is missing; it must be a path/],
    ['{ type: process, command: "vault read" }', /must be a list: the program and its arguments/],
    ['{ type: process, command: [] }', /must be a list: the program and its arguments/],
    [
      '{ type: credentials_uri, uri: "file:///etc/passwd" }',
      /must be an http:\/\/ or https:\/\/ URL/,
    ],
    [`{ type: ram_role_arn, role: broker }`, /must be a role ARN/],
    [`{ type: ram_role_arn, duration: 10m }`, /must be a duration from 900s/],
    [`{ type: ram_role_arn, policy: "Allow" }`, /must be a session policy as JSON text/],
    [
      `{ type: ram_role_arn, sts: { endpoint: "http://sts.example.com" } }`,
      /http:\/\/ is accepted for this machine only/,
    ],
    [
      `{ type: ram_role_arn, from: { type: ram_role_arn } }`,
      /must have a type other than ram_role_arn/,
    ],
    ['{ type: ecs_ram_role, roleName: "acs:ram::1:role/x" }', /the name of a role, not its ARN/],
  ])('refuses %s', (section, said) => {
    expect(messagesOf(section)).toMatch(said);
  });
});
