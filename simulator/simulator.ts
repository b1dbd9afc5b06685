/** Starts the simulated cloud on loopback: STS and OSS over one account with a RAM user, roles and buckets. */
import { type Account, arrangeCloud, type SimulatedRole } from './arrange-cloud.ts';
import { createCloud, type SimulatedCloud } from './cloud.ts';
import type { SimulatedOssOptions } from './oss/oss.ts';
import { type RunningOss, startSimulatedOss } from './oss/server.ts';
import type { Undocumented } from './oss/undocumented.ts';
import { type RunningSts, startSimulatedSts } from './sts/server.ts';
import { onUsualPort } from './usual-port.ts';

export interface Simulator {
  readonly cloud: SimulatedCloud;
  readonly sts: RunningSts;
  readonly oss: RunningOss;
  /** The broker signs AssumeRole with them: a RAM user that may assume the roles and nothing else. */
  readonly sourceCredentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly roleArn: string;
  close(): Promise<void>;
}

const ACCOUNT_ID = '123456789012';
const ROLE_ARN = `acs:ram::${ACCOUNT_ID}:role/oss-uploader`;
const UPLOADER: SimulatedRole = { arn: ROLE_ARN, maxSessionDurationSeconds: 3600 };

/** Starts STS and OSS over one account. `now` is in milliseconds. Port 0, the default, means any free port, and so does a port that is taken. */
export async function startSimulator(
  options: Omit<Account, 'roles'> & {
    readonly now: () => number;
    /** One role by default. */
    readonly roles?: readonly SimulatedRole[];
    readonly longestSessionSeconds?: number;
    readonly connection?: SimulatedOssOptions['connection'];
    readonly stsPort?: number;
    readonly ossPort?: number;
    /** What the documentation of OSS leaves open; by default the answers that give a caller most. */
    readonly undocumented?: Partial<Undocumented>;
  },
): Promise<Simulator> {
  const { now, stsPort = 0, ossPort = 0 } = options;
  const { undocumented = {} } = options;
  const { roles = [UPLOADER], longestSessionSeconds, connection } = options;
  const cloud = createCloud({
    accountId: ACCOUNT_ID,
    now,
    ...(longestSessionSeconds === undefined ? {} : { longestSessionSeconds }),
  });
  const broker = arrangeCloud(cloud, { ...options, roles });
  const sts = await onUsualPort(stsPort, (port) => startSimulatedSts({ cloud, port }));
  const oss = await onUsualPort(ossPort, (port) =>
    startSimulatedOss({
      cloud,
      port,
      undocumented,
      ...(connection === undefined ? {} : { connection }),
    }),
  );
  const { accessKeyId, accessKeySecret } = broker;
  return {
    cloud,
    sts,
    oss,
    sourceCredentials: { accessKeyId, accessKeySecret },
    roleArn: ROLE_ARN,
    async close() {
      await Promise.all([sts.close(), oss.close()]);
    },
  };
}
