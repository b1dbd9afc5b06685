/** The real ali-oss client, pointed at the simulated OSS. */
import OSS from 'ali-oss';

export interface Credential {
  readonly AccessKeyId: string;
  readonly AccessKeySecret: string;
  readonly SecurityToken: string;
}

/**
 * ali-oss as an application would make it. For an endpoint that is an IP address it asks that address
 * and puts `<bucket>.oss-<region>.aliyuncs.com` into the Host header, whatever `cname` says, and signs no
 * URLs with V1. For `http://localhost:<port>` it asks `<bucket>.localhost`, which Chromium resolves and
 * Node does not everywhere; with `cname: true` it asks the host alone, which has to be one of the
 * simulator's `cnames`.
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

/** The code and status of what OSS refused; fails if it did not. */
export async function ossRefusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('OSS did not refuse'),
    (reason: unknown) => reason,
  );
  if (typeof error !== 'object' || error === null || !('code' in error)) throw error;
  return String(error.code);
}

/** Takes the credential out of the broker's answer. */
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
