/** The providers for other SDKs, with the SDKs of this project themselves. */
import Credential from '@alicloud/credentials';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCredentialSource } from '../../src/client/credential-source.ts';
import { forAlicloud } from '../../src/client/for-alicloud.ts';
import { forAws } from '../../src/client/for-aws.ts';
import { startTestBroker } from '../support/broker.ts';
import { createS3Client, s3Refusal } from '../support/s3-client.ts';
import { scriptBroker } from './scripted-broker.ts';

afterEach(() => {
  vi.useRealTimers();
});

const KEYS = { accessKeyId: 'STS.1', accessKeySecret: 'secret', securityToken: 'token' };

describe('the provider for @alicloud/credentials', () => {
  it('gives the credential in use, and the next one when it is time', async () => {
    const broker = scriptBroker();
    const credential = new Credential.default(null, forAlicloud(broker.source));
    expect(await credential.getCredential()).toMatchObject(KEYS);
    // it asks every time; asking STS itself it would refresh in the last 15 minutes
    await broker.passTime(11 * 60_000);
    expect(await credential.getCredential()).toMatchObject(KEYS);
    expect(broker.tokens).toHaveLength(1);

    await broker.passTime(3 * 60_000);
    expect(await credential.getCredential()).toMatchObject({ ...KEYS, accessKeyId: 'STS.2' });
  });

  it('is a credential of the Alibaba Cloud SDKs as it is', async () => {
    const provider = forAlicloud(scriptBroker().source);

    expect(await provider.getCredential()).toMatchObject({ ...KEYS, type: 'sts' });
    expect(provider.getType()).toBe('sts');
  });
});

describe('the provider for AWS SDKs', () => {
  it('lets their S3 client upload past the end of three credentials, and no further than the grant', async () => {
    const broker = await startTestBroker({ longestSessionSeconds: 4 });
    const source = createCredentialSource({
      url: broker.url,
      getSubjectToken: () => broker.issuer.token(),
    });
    const s3 = createS3Client(broker.simulator.oss, {}, { credentials: forAws(source) });
    const put = (Key: string) =>
      s3.send(new PutObjectCommand({ Bucket: 'app-media', Key, Body: 'x' }));
    while (broker.stsCalls() < 4) {
      expect((await put('users/user-1/a')).$metadata.httpStatusCode).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }

    expect(await s3Refusal(put('users/user-10/a'))).toBe('403 AccessDenied');
    await broker.close();
  });

  it('gives the credential under the names of AWS', async () => {
    const provider = forAws(scriptBroker().source);

    expect(await provider()).toEqual({
      accessKeyId: 'STS.1',
      secretAccessKey: 'secret',
      sessionToken: 'token',
      expiration: new Date('2026-11-23T18:14:59.001Z'),
    });
  });

  it('says the end by the local clock, which the SDK compares it with', async () => {
    const broker = scriptBroker();
    broker.setClock(3_600_000);

    expect((await forAws(broker.source)()).expiration).toEqual(
      new Date('2026-11-23T19:14:59.001Z'),
    );
  });
});
