/** Opens the two sessions of the symlink probe: AssumeRole as the broker calls it, with session policies as it renders them. */
import type { SourceCredentials } from '../../src/ports.ts';
import { renderSessionPolicy } from '../../src/session-policy/session-policy.ts';
import { createAssumeRole } from '../../src/sts/assume-role.ts';
import { createOssSession, type OssSession, type Place } from './oss-session.ts';

/** The shortest that STS takes. */
const DURATION_SECONDS = 900;

/** Throws a RefusalError of the broker if STS gives no session. */
export async function openSessions(options: {
  readonly place: Place;
  readonly prefix: string;
  readonly roleArn: string;
  readonly externalId: string | undefined;
  readonly stsEndpoint: string | undefined;
  readonly sourceCredentials: SourceCredentials;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): Promise<{ readonly owner: OssSession; readonly caller: OssSession }> {
  const { place, prefix, roleArn, externalId, stsEndpoint, sourceCredentials, now } = options;
  const { bucket, region, endpoint } = place;
  const { assumeRole } = createAssumeRole({
    region,
    sts: {
      network: 'public',
      timeoutMs: 10_000,
      ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }),
    },
    sourceCredentials: { get: async () => sourceCredentials, renew: async () => sourceCredentials },
    now,
  });
  const open = async (name: string, policy: string) => {
    const keys = await assumeRole({
      caller: name,
      roleArn,
      roleSessionName: name,
      durationSeconds: DURATION_SECONDS,
      policy,
      ...(externalId === undefined ? {} : { externalId }),
    });
    return createOssSession(place, keys, now);
  };
  const https = endpoint.startsWith('https:');
  const ownerPolicy = renderSessionPolicy({
    allowances: [
      {
        target: { bucket, key: `${prefix}/` },
        permissions: ['read', 'write', 'delete'],
        actions: [],
      },
    ],
    https,
    publicAcl: 'allow',
  });
  const callerPolicy = renderSessionPolicy({
    allowances: [
      { target: { bucket, key: `${prefix}/mine/` }, permissions: ['read', 'write'], actions: [] },
    ],
    https,
    publicAcl: 'deny',
  });
  return {
    owner: await open('symlink-probe-owner', ownerPolicy.text),
    caller: await open('symlink-probe-caller', callerPolicy.text),
  };
}
