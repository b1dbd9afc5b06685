/** `npm run probe:symlinks -- --role-arn … --bucket … --region …`: settles on a real account what OSS does not document about policies. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { RefusalError } from '../src/refusal.ts';
import { openSessions } from './probe/open-sessions.ts';
import { getAnonymously } from './probe/oss-session.ts';
import { runProbe } from './probe/run-probe.ts';

const USAGE = `usage: npm run probe:symlinks -- --role-arn acs:ram::<account>:role/<name> --bucket <name> --region cn-hangzhou
         [--external-id <id>] [--oss-endpoint https://…] [--cname] [--sts-endpoint https://…]
environment: ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, for a session also ALIBABA_CLOUD_SECURITY_TOKEN
exit code: 0 both answers are yes, 1 an answer is no, 2 an answer is not settled or objects are left
`;

const say = (line: string) => void process.stdout.write(`${line}\n`);

process.exitCode = await main().catch((error: unknown) => {
  const refusal = error instanceof RefusalError ? ` ${JSON.stringify(error.refusal)}` : '';
  process.stderr.write(`${error instanceof Error ? error.message : 'it failed'}${refusal}\n`);
  return 2;
});

async function main(): Promise<number> {
  const settings = readSettings();
  if (settings === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const prefix = `symlink-probe-${randomBytes(8).toString('hex')}`;
  const { place } = settings;
  const { owner, caller } = await openSessions({ ...settings, prefix, now: Date.now });
  const stopped = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stopped.abort(new Error('stopped')));
  }
  say(`everything is below oss://${place.bucket}/${prefix}/ and is deleted at the end`);
  const { destination, formAcl, left } = await runProbe({
    owner,
    caller,
    getAnonymously: (key) => getAnonymously(place, key),
    prefix,
    secret: randomBytes(16).toString('hex'),
    tell: say,
    signal: stopped.signal,
  });
  say(`session policy applies to the destination: ${destination}`);
  say(`condition on oss:x-oss-object-acl sees the form field of PostObject: ${formAcl}`);
  const answers = [destination, formAcl];
  if (left.length > 0 || answers.includes('not settled')) return 2;
  return answers.includes('no') ? 1 : 0;
}

/** Undefined if something is missing or unknown. */
function readSettings() {
  const options = {
    'role-arn': { type: 'string' },
    bucket: { type: 'string' },
    region: { type: 'string' },
    'external-id': { type: 'string' },
    'oss-endpoint': { type: 'string' },
    cname: { type: 'boolean', default: false },
    'sts-endpoint': { type: 'string' },
  } as const;
  const { values } = parseArgs({ options });
  const { 'role-arn': roleArn, bucket, region, cname } = values;
  const {
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
    ALIBABA_CLOUD_SECURITY_TOKEN: securityToken,
  } = process.env;
  if (!roleArn || !bucket || !region || !accessKeyId || !accessKeySecret) return undefined;
  const endpoint = values['oss-endpoint'] ?? `https://oss-${region}.aliyuncs.com`;
  return {
    place: { bucket, region, endpoint, cname },
    roleArn,
    externalId: values['external-id'],
    stsEndpoint: values['sts-endpoint'],
    sourceCredentials: {
      accessKeyId,
      accessKeySecret,
      ...(securityToken ? { securityToken } : {}),
    },
  };
}
