/** hono + jose + the STS SDK: the smallest broker that is not plainly unsafe. It has no grants, limits, cache or audit log. */
import { $OpenApiUtil } from '@alicloud/openapi-core';
import Sts20150401, { AssumeRoleRequest } from '@alicloud/sts20150401';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { readSetup, tellPort } from '../setup.ts';
import { createVerifyBearer } from './verify-bearer.ts';

const setup = readSetup();
const { url, sourceCredentials, roleArn } = setup.sts;
const verifyBearer = createVerifyBearer(setup);
const client = new Sts20150401.default(
  new $OpenApiUtil.Config({
    ...sourceCredentials,
    endpoint: url.replace('http://', ''),
    protocol: 'HTTP',
    regionId: 'cn-hangzhou',
  }),
);

function policyFor(subject: string): string {
  const Resource = `acs:oss:*:*:app-media/users/${subject}/*`;
  return JSON.stringify({
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: ['oss:GetObject', 'oss:PutObject'], Resource }],
  });
}

const app = new Hono();
app.get('/v1/credentials', async (c) => {
  const { sub = '' } = await verifyBearer(c.req.header('authorization'));
  const policy = policyFor(sub);
  const { body } = await client.assumeRole(
    new AssumeRoleRequest({ roleArn, roleSessionName: sub, durationSeconds: 1800, policy }),
  );
  return c.json(body?.credentials ?? {}, 200, { 'Cache-Control': 'no-store' });
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => tellPort(port));
