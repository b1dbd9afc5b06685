/** Creates real ali-oss clients for the simulated OSS, and reads credentials and OSS refusals. */
import OSS from 'ali-oss';

export interface Credential {
  readonly AccessKeyId: string;
  readonly AccessKeySecret: string;
  readonly SecurityToken: string;
}

/**
 * Creates ali-oss as an application would. For an endpoint that is an IP address, ali-oss connects to
 * that address, sends `<bucket>.oss-<region>.aliyuncs.com` as Host whatever `cname` says, and signs no
 * URLs with V1. For `http://localhost:<port>` it connects to `<bucket>.localhost`, which Chromium
 * resolves but Node does not on every machine. With `cname: true` it connects to the host itself,
 * which must be one of the simulator's `cnames`.
 */
export function createOssClient(
  endpoint: string,
  credential: Credential,
  options: Partial<OSS.Options> = {},
): OSS {
  return new OSS({
    accessKeyId: credential.AccessKeyId,
    accessKeySecret: credential.AccessKeySecret,
    stsToken: credential.SecurityToken,
    refreshSTSTokenInterval: 3_600_000,
    bucket: 'app-media',
    region: 'oss-cn-hangzhou',
    endpoint,
    ...options,
  });
}

/** The error code of an OSS refusal. Throws if OSS did not refuse. */
export async function ossRefusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('OSS did not refuse'),
    (reason: unknown) => reason,
  );
  if (typeof error !== 'object' || error === null || !('code' in error)) throw error;
  return String(error.code);
}

/** Reads the credential from the broker's answer. Throws if a member is missing. */
export function credentialOf(body: Readonly<Record<string, unknown>>): Credential {
  const text = (name: string) => {
    const value = body[name];
    if (typeof value !== 'string')
      throw new Error(`the answer has no ${name}: ${JSON.stringify(body)}`);
    return value;
  };
  return {
    AccessKeyId: text('AccessKeyId'),
    AccessKeySecret: text('AccessKeySecret'),
    SecurityToken: text('SecurityToken'),
  };
}
