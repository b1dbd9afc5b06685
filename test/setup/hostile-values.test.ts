/** No value that a config may have runs as a command, or as a template, in what `setup` prints. */
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { describeCloudSide } from '../../src/setup/describe-cloud-side.ts';
import { formatAliyun } from '../../src/setup/formats/aliyun.ts';
import { formatRos } from '../../src/setup/formats/ros.ts';
import { formatTerraform } from '../../src/setup/formats/terraform.ts';
import { missingPrograms, optionOf, runShell } from '../docs/shell.ts';
import { memberAt } from '../support/declared.ts';
import { ACCOUNT, BROKER_ROLE } from './account.ts';

/** Hosts may have all of this, and browsers would send it. */
const ORIGINS = [
  'https://$(npm).example',
  'https://`npm`.example',
  "https://a';npm;'.example",
  'https://a";npm;".example',
  'https://${timestamp()}.example',
  'https://$${timestamp()}.example',
];
const FOLDER = "it's; npm & (npm) #<b>";

const { config } = loadConfig({
  text: stringify({
    region: 'cn-hangzhou',
    // a path that leads nowhere is no path
    buckets: { media: { region: 'cn-hangzhou', endpoint: 'http://localhost:9003/;npm;$(npm)/..' } },
    issuers: [{ name: 'app', issuer: 'https://login.example.com/', audiences: ['broker'] }],
    grants: [
      {
        name: 'files',
        issuer: 'app',
        role: `acs:ram::${ACCOUNT}:role/uploader`,
        externalId: '=+,.@:/-_id',
        allow: [{ target: `oss://media/${FOLDER}/`, permissions: ['read'] }],
      },
    ],
    cors: { origins: ORIGINS },
  }),
  file: 'broker.yaml',
  environment: {},
});
const side = describeCloudSide(config, { broker: BROKER_ROLE });

describe('hostile values of a config', () => {
  it.skipIf(missingPrograms('').length > 0)('are words of the shell commands', async () => {
    const { code, calls } = await runShell(formatAliyun(side));
    const optionsOf = (name: string) => calls.flatMap(({ args }) => optionOf(args, name) ?? []);

    expect(code).toBe(0);
    expect(new Set(calls.map(({ name }) => name))).toEqual(new Set(['aliyun']));
    expect(optionsOf('--endpoint')).toEqual(['http://localhost:9003']);
    expect(optionsOf('--PolicyDocument').at(-1)).toContain(
      JSON.stringify(`acs:oss:*:*:media/${FOLDER}/*`),
    );
  });

  it.skipIf(missingPrograms('').length > 0)('are no commands even as an endpoint', async () => {
    const endpoint = 'http://localhost:9003/;npm;$(npm)';
    const cors = side.cors.map((bucket) => ({ ...bucket, endpoint }));
    const { calls } = await runShell(formatAliyun({ ...side, cors }));

    expect(calls.flatMap(({ args }) => optionOf(args, '--endpoint') ?? [])).toEqual([endpoint]);
  });

  it('are literal text for Terraform', () => {
    const text = formatTerraform(side);
    const [, origins = ''] = /allowed_origins = (.*)/.exec(text) ?? [];

    expect(text.match(/(?<!\$)\$\{|(?<!%)%\{/)).toBeNull();
    expect(JSON.parse(origins.replaceAll('$${', () => '${'))).toEqual(ORIGINS);
  });

  it('are strings of the ROS template', () => {
    const template: unknown = JSON.parse(formatRos(side));

    expect(
      memberAt(template, [
        'Resources',
        'GrantRole1Policy1',
        'Properties',
        'PolicyDocumentUnchecked',
      ]),
    ).toEqual(side.roles[0]?.policies[0]?.document);
  });
});
