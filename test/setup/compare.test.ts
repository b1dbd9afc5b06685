/** What `setup --diff` says of answers of the account that nobody planned. */
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { createGetBucketCors } from '../../src/setup/bucket-cors.ts';
import { compareCloud } from '../../src/setup/compare.ts';
import { describeCloudSide } from '../../src/setup/describe-cloud-side.ts';
import { readCloud } from '../../src/setup/read-cloud.ts';
import { README_CONFIG } from '../docs/configs.ts';
import { BROKER_ROLE, OPERATOR } from './account.ts';

const UPLOADER = 'acs:ram::123456789012:role/oss-uploader';
const { config } = loadConfig({ text: README_CONFIG.text, file: 'broker.yaml', environment: {} });
const side = describeCloudSide(config, { broker: BROKER_ROLE });

/** An account that is as the config needs it, but for one answer. */
interface Changes {
  /** Of the role of the grants. */
  readonly trust?: unknown;
  /** The document of a policy that is attached to it too. */
  readonly document?: unknown;
  readonly policyCount?: number;
}

async function diff({ trust, document, policyCount }: Changes = {}) {
  const found = await readCloud(side, {
    async callRam({ action, parameters = {} }) {
      const { RoleName = '', PolicyName = '' } = parameters;
      const role = [side.broker, ...side.roles].find(({ name }) => name === RoleName);
      const needed = [side.broker, ...side.roles].flatMap(({ policies }) => policies);
      switch (action) {
        case 'GetRole': {
          const isChanged = role?.arn === UPLOADER && trust !== undefined;
          const AssumeRolePolicyDocument = isChanged ? trust : JSON.stringify(role?.trustPolicy);
          return { body: { Role: { Arn: role?.arn, AssumeRolePolicyDocument } } };
        }
        case 'ListPoliciesForRole': {
          const more = Array.from(
            { length: policyCount ?? (document === undefined ? 0 : 1) },
            () => ({
              name: 'more',
            }),
          );
          const names = [...(role?.policies ?? []), ...(role?.arn === UPLOADER ? more : [])];
          const Policy = names.map(({ name }) => ({ PolicyName: name, PolicyType: 'Custom' }));
          return { body: { Policies: { Policy } } };
        }
        default: {
          const known = needed.find(({ name }) => name === PolicyName);
          const PolicyDocument = known === undefined ? document : JSON.stringify(known.document);
          return { body: { DefaultPolicyVersion: { PolicyDocument } } };
        }
      }
    },
    getBucketCors: async ({ rule }) => [rule],
  });
  return compareCloud(side, found);
}

describe('setup --diff', () => {
  it('finds nothing in the account that these tests change', async () => {
    expect(await diff()).toEqual([]);
  });

  it.each([
    ['a trust policy in which everybody is trusted', { Principal: '*' }],
    [
      'a trust policy that names whom it does not trust',
      { NotPrincipal: { RAM: ['acs:ram::1:root'] } },
    ],
    ['a trust policy that names nobody', { Principal: {} }],
  ])('shows %s', async (_name, who) => {
    const needed = side.roles[0]?.trustPolicy.Statement ?? [];
    const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', ...who };
    const trust = JSON.stringify({ Version: '1', Statement: [...needed, statement] });

    expect(await diff({ trust })).toEqual([
      { where: UPLOADER, kind: 'extra', what: `a statement ${JSON.stringify(statement)}` },
    ]);
  });

  it('says of a trust policy and of a policy that they cannot be read', async () => {
    expect(await diff({ trust: '{' })).toContainEqual({
      where: UPLOADER,
      kind: 'unknown',
      what: 'its trust policy cannot be read',
    });
    for (const document of ['{', 7]) {
      expect(await diff({ document })).toEqual([
        { where: UPLOADER, kind: 'unknown', what: 'the policy more cannot be read' },
      ]);
    }
  });

  it('asks for no more policies than an identity can have', async () => {
    await expect(diff({ document: '{}', policyCount: 1000 })).rejects.toThrow(
      'RAM lists more than 100 policies of oss-uploader',
    );
  });

  it('says that the CORS rules of a bucket are too long', async () => {
    const [bucket] = side.cors;
    if (bucket === undefined) throw new Error('no bucket');
    const getBucketCors = createGetBucketCors({
      fetch: async () => new Response('x'.repeat(2 * 1024 * 1024)),
      now: Date.now,
      credentials: OPERATOR,
    });

    await expect(getBucketCors(bucket)).rejects.toThrow(
      'the CORS rules of app-media are longer than 1048576 bytes',
    );
  });
});
