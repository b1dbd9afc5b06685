/** What `doctor` examines in tests: an issuer, STS and OSS on loopback, and the command itself. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { type Cli, type CliRun, createCli, startAnswering } from './cli.ts';
import { memberAt, toObject } from './declared.ts';
import { createTestIssuer, type TestIssuer } from './issuer.ts';

export const ORIGIN = 'https://app.example.com';
export const ROLE = 'acs:ram::123456789012:role/oss-uploader';

interface Changes {
  readonly sts?: string;
  readonly oss?: string;
  /** More members of the issuer. */
  readonly issuer?: string;
  readonly grant?: string;
  readonly more?: string;
}

interface RunOptions {
  /** In the place of `configText()`. */
  readonly text?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly saw: string;
  readonly cause?: string;
  readonly fix?: string;
  readonly link?: string;
}

interface Examination {
  readonly code: number | null;
  readonly stderr: string;
  readonly findings: readonly Finding[];
  /** The first finding whose check begins so. */
  readonly of: (check: string) => Finding | undefined;
}

export interface DoctorWorld {
  /** An address on which nobody listens. */
  readonly nowhere: string;
  /** It has the keys RS256 and ES256. */
  readonly issuer: TestIssuer;
  readonly simulator: Simulator;
  /** How far the clock of STS and OSS is ahead. */
  readonly clock: { offsetMs: number };
  readonly configText: (changes?: Changes) => string;
  /** Expects that nothing secret is printed, whatever fails. */
  readonly run: (options?: RunOptions) => Promise<CliRun>;
  /** Runs it with `--format json`. */
  readonly examine: (options?: RunOptions) => Promise<Examination>;
  readonly close: () => Promise<void>;
}

/** Starts it. Close it when done. */
export async function startDoctorWorld(cli: Cli): Promise<DoctorWorld> {
  const server = await startAnswering(() => ({ status: 200 }));
  await server.close();
  const clock = { offsetMs: 0 };
  const issuer = await createTestIssuer({ algorithms: ['RS256', 'ES256'] });
  const simulator = await startSimulator({
    now: () => Date.now() + clock.offsetMs,
    buckets: ['app-media'],
    region: 'cn-hangzhou',
    corsOrigins: [ORIGIN],
  });

  function configText(changes: Changes = {}) {
    const { sts = simulator.sts.url, oss = simulator.oss.url, grant = '', more = '' } = changes;
    return `
region: cn-hangzhou
sts: { endpoint: "${sts}" }
buckets: { app-media: { region: cn-hangzhou, endpoint: "${oss}" } }
issuers:
  - name: app
    issuer: "${issuer.url}"
    audiences: [oss-token-broker]
    attributes: { user: { claim: sub } }
${changes.issuer ?? ''}
grants:
  - name: user-files
    issuer: app
    role: ${ROLE}
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read, write, delete] }]
${grant}
cors: { origins: [${ORIGIN}] }
${more}
`;
  }

  async function run(options: RunOptions = {}): Promise<CliRun> {
    const { accessKeyId, accessKeySecret } = simulator.sourceCredentials;
    cli.file('broker.yaml', options.text ?? configText());
    const environment = options.environment ?? {
      ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
    };
    const result = await cli.run(['doctor', ...(options.args ?? [])], { environment });
    const secrets = [...simulator.cloud.identities.values()].flatMap((identity) => [
      identity.accessKeySecret,
      ...(identity.securityToken === undefined ? [] : [identity.securityToken]),
    ]);
    for (const secret of [
      ...secrets,
      ...Object.values(environment).filter((one) => one.length > 9),
    ]) {
      if (secret === accessKeyId) continue;
      expect(`${result.stdout}${result.stderr}`).not.toContain(secret);
    }
    return result;
  }

  async function examine(options: RunOptions = {}) {
    const { code, stdout, stderr } = await run({ ...options, args: ['--format', 'json'] });
    const list = memberAt(JSON.parse(stdout), ['findings']);
    const findings = (Array.isArray(list) ? list : []).map((one): Finding => {
      const text = (name: string) => {
        const value = toObject(one)[name];
        return value === undefined ? undefined : String(value);
      };
      const [cause, fix, link] = [text('cause'), text('fix'), text('link')];
      return {
        check: text('check') ?? '',
        status: text('status') ?? '',
        saw: text('saw') ?? '',
        ...(cause === undefined ? {} : { cause }),
        ...(fix === undefined ? {} : { fix }),
        ...(link === undefined ? {} : { link }),
      };
    });
    const of = (check: string) => findings.find((finding) => finding.check.startsWith(check));
    return { code, stderr, findings, of };
  }

  return {
    nowhere: server.url,
    issuer,
    simulator,
    clock,
    configText,
    run,
    examine,
    async close() {
      await issuer.close();
      await simulator.close();
    },
  };
}

/** One command for all tests of a file, and a new world for each of them. */
export function doctorOfFile(): { readonly cli: Cli; readonly world: DoctorWorld } {
  let cli: Cli;
  let world: DoctorWorld;
  beforeAll(async () => {
    cli = await createCli();
  });
  afterAll(() => cli.close());
  beforeEach(async () => {
    world = await startDoctorWorld(cli);
  });
  afterEach(() => world.close());
  return {
    get cli() {
      return cli;
    },
    get world() {
      return world;
    },
  };
}
