/** Runs every check of a config against the real world, and changes nothing there. */
import type { Config } from '../config/config.ts';
import type {
  AssumedRole,
  AssumeRole,
  SourceCredentials,
  SourceCredentialsProvider,
} from '../ports.ts';
import type { CallRpc } from '../rpc/call-rpc.ts';
import type { FetchIssuer } from '../subject-token/keys/issuer-fetch.ts';
import { checkBucket, checkCors, checkSession } from './check-buckets.ts';
import { checkClock } from './check-clock.ts';
import { checkIdentity, checkSourceCredentials } from './check-credentials.ts';
import { checkIssuer } from './check-issuers.ts';
import { checkRole, listUses, nameOfUse } from './check-roles.ts';
import { type Finding, skipped } from './finding.ts';
import type { AskOss } from './oss-exchange.ts';

export interface DoctorTools {
  readonly config: Config;
  /** The kind of the source credentials. */
  readonly sourceType: string;
  readonly isOnFunctionCompute: boolean;
  readonly sourceCredentials: SourceCredentialsProvider;
  readonly stsUrl: string;
  readonly createCallSts: (credentials: SourceCredentials) => CallRpc;
  readonly assumeRole: AssumeRole;
  readonly fetchIssuer: FetchIssuer;
  readonly askOss: AskOss;
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Yields each finding as soon as it is there. */
export async function* examine(tools: DoctorTools): AsyncGenerator<Finding> {
  const { config, fetch, now, stsUrl, fetchIssuer } = tools;
  const { finding, credentials } = await checkSourceCredentials({
    type: tools.sourceType,
    isOnFunctionCompute: tools.isOnFunctionCompute,
    provider: tools.sourceCredentials,
  });
  yield finding;
  yield await checkClock({ stsUrl, issuers: config.issuers, fetch, now });
  const identity =
    credentials === undefined
      ? skipped('identity', 'there are no source credentials')
      : await checkIdentity(tools.createCallSts(credentials));
  yield identity;
  for (const issuer of config.issuers) yield await checkIssuer(issuer, fetchIssuer, now());
  const sessions = new Map<string, AssumedRole>();
  for (const use of listUses(config.grants)) {
    if (identity.status !== 'ok') {
      yield skipped(nameOfUse(use), 'STS does not know who asks');
      continue;
    }
    const role = await checkRole(use, tools.assumeRole);
    yield role.finding;
    if (role.session !== undefined) sessions.set(use.roleArn, role.session);
  }
  yield* examineBuckets(tools, sessions);
}

async function* examineBuckets(
  { config, askOss, now }: DoctorTools,
  sessions: ReadonlyMap<string, AssumedRole>,
): AsyncGenerator<Finding> {
  for (const bucket of config.buckets) {
    const grants = config.grants.filter(({ allow }) =>
      allow.some(({ target }) => target.bucket === bucket.name),
    );
    const place = await checkBucket(bucket, askOss);
    yield place;
    const [session] = grants.flatMap(({ role }) => sessions.get(role) ?? []);
    if (place.status !== 'ok' || session === undefined) {
      const why = place.status === 'ok' ? 'no role of its grants was assumed' : 'the bucket failed';
      yield skipped(`session at ${bucket.name}`, why);
    } else {
      yield await checkSession({ bucket, session, askOss, now });
    }
    for (const origin of grants.length === 0 ? [] : config.cors.origins) {
      yield place.status === 'ok'
        ? await checkCors({ bucket, origin, grants, askOss })
        : skipped(`CORS of ${bucket.name} for ${origin}`, 'the bucket failed');
    }
  }
}
