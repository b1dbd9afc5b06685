/** `setup`: prints what a config needs of the account, or compares it with what is there. */
import type { Config } from '../../config/config.ts';
import { isApiEndpoint } from '../../config-loader/schema-values.ts';
import { parseTarget } from '../../grants/target.ts';
import { RefusalError } from '../../refusal.ts';
import { createCallRpc } from '../../rpc/call-rpc.ts';
import { RpcProblem } from '../../rpc/rpc-problem.ts';
import { createGetBucketCors } from '../../setup/bucket-cors.ts';
import type { CloudSide } from '../../setup/cloud-side.ts';
import { compareCloud } from '../../setup/compare.ts';
import { describeCloudSide, type SetupOptions } from '../../setup/describe-cloud-side.ts';
import { formatAliyun } from '../../setup/formats/aliyun.ts';
import { formatDifferences } from '../../setup/formats/differences.ts';
import { formatRos } from '../../setup/formats/ros.ts';
import { formatTerraform } from '../../setup/formats/terraform.ts';
import { readCloud } from '../../setup/read-cloud.ts';
import { SetupProblem } from '../../setup/setup-problem.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { loadConfigFile } from './load-config-file.ts';
import { createMachineCredentials } from './machine-credentials.ts';
import { printAnswer, toJson } from './print-answer.ts';

const FORMATS: Readonly<Record<string, (side: CloudSide) => string>> = {
  json: (side) => toJson(side),
  aliyun: formatAliyun,
  terraform: formatTerraform,
  ros: formatRos,
};

export const spec: CommandSpec = {
  name: 'setup',
  summary: 'prints the roles, policies and CORS rules that a config needs, or compares them',
  usage: '[broker.yaml] --broker <arn> [options]',
  isForOperators: true,
  takesWords: 1,
  options: [
    {
      name: 'broker',
      value: 'arn',
      text: 'the RAM role or user that the broker signs with, unless the config names it',
    },
    {
      name: 'format',
      value: 'format',
      choices: ['json', 'aliyun', 'terraform', 'ros', 'text'],
      text: 'json (default), aliyun, terraform or ros; with --diff text (default) or json',
    },
    {
      name: 'log-store',
      value: 'project/logstore',
      text: 'where Function Compute writes the log with the role of the function',
    },
    {
      name: 'config-object',
      value: 'oss://bucket/key',
      text: 'the object that the broker reads its config from',
    },
    { name: 'diff', text: 'compares with the account, with the credentials of this machine' },
    {
      name: 'ram-endpoint',
      value: 'host',
      text: 'where --diff asks RAM; default: ram.aliyuncs.com',
    },
  ],
  examples: [
    [
      'commands to look at, and then to run',
      'oss-token-broker setup --broker acs:ram::123456789012:role/oss-token-broker --format aliyun',
    ],
    [
      'later, in a pipeline: exit code 6 if the account differs',
      'oss-token-broker setup --broker acs:ram::123456789012:role/oss-token-broker --diff',
    ],
  ],
};

/** Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const format = args.text('format');
  const isDiff = args.has('diff');
  requireFormat(format, isDiff);
  requireEndpoint(args.text('ram-endpoint'), isDiff);
  const options = readOptions(args);
  const { config } = loadConfigFile(args.operands[0] ?? 'broker.yaml', machine);
  try {
    const side = describeCloudSide(config, options);
    if (isDiff) return await printDifferences(side, config, args, machine);
    const write = FORMATS[format ?? 'json'];
    if (write === undefined) throw new Error('a format without a writer');
    if (format === 'ros' && side.cors.length > 0) {
      machine.tell('note: a ROS template cannot set CORS rules of a bucket that exists.');
    }
    await machine.print(write(side));
    return EXIT.done;
  } catch (error) {
    throw toCliError(error);
  }
}

async function printDifferences(
  side: CloudSide,
  config: Config,
  args: Arguments,
  machine: Machine,
): Promise<number> {
  const provider = createMachineCredentials({ type: 'default_chain' }, config, machine);
  const credentials = await provider.get();
  const endpoint = args.text('ram-endpoint') ?? 'ram.aliyuncs.com';
  const found = await readCloud(side, {
    callRam: createCallRpc({ endpoint, credentials }),
    getBucketCors: createGetBucketCors({ fetch, now: machine.now, credentials }),
  });
  const differences = compareCloud(side, found);
  await printAnswer({ differences }, args.text('format'), machine, (clean, paint) =>
    formatDifferences(side, clean.differences, paint),
  );
  return differences.length === 0 ? EXIT.done : EXIT.found;
}

function requireFormat(format: string | undefined, isDiff: boolean): void {
  if (isDiff && format !== undefined && format !== 'text' && format !== 'json') {
    throw usage('--diff has the formats text and json.');
  }
  if (!isDiff && format === 'text') throw usage('--format text goes with --diff.');
}

/** The SecurityToken goes there with each call, so not in clear over a network. */
function requireEndpoint(endpoint: string | undefined, isDiff: boolean): void {
  if (endpoint === undefined) return;
  if (!isDiff) throw usage('--ram-endpoint goes with --diff.');
  if (!isApiEndpoint(endpoint)) {
    throw usage('--ram-endpoint is host or host:port; http:// is for this machine only.');
  }
}

function readOptions(args: Arguments): SetupOptions {
  const [, project, store] =
    /^([a-z0-9-]+)\/([a-z0-9_-]+)$/.exec(args.text('log-store') ?? '') ?? [];
  if (args.has('log-store') && (project === undefined || store === undefined)) {
    throw usage('--log-store is <project>/<logstore>.');
  }
  return {
    broker: args.text('broker'),
    ...(project === undefined || store === undefined ? {} : { logStore: { project, store } }),
    ...readConfigObject(args.text('config-object')),
  };
}

function readConfigObject(text: string | undefined): Pick<SetupOptions, 'configObject'> {
  if (text === undefined) return {};
  try {
    const configObject = parseTarget(text);
    if (configObject.key !== '' && !configObject.key.endsWith('/')) return { configObject };
  } catch {
    // said below
  }
  throw usage('--config-object names one object: oss://bucket/path/broker.yaml.');
}

function toCliError(error: unknown): unknown {
  if (error instanceof SetupProblem) {
    const exitCode = error.message.startsWith('--') ? EXIT.usage : EXIT.failed;
    return new CliError(exitCode, error.message);
  }
  if (error instanceof RefusalError && 'problem' in error.refusal) {
    return new CliError(EXIT.failed, `There are no credentials: ${error.refusal.problem}`);
  }
  if (error instanceof RpcProblem) return new CliError(EXIT.failed, describeRpcProblem(error));
  return error;
}

function describeRpcProblem({ code, message }: RpcProblem): string {
  const needed =
    'ram:GetRole, ram:GetUser, ram:ListPoliciesForRole, ram:ListPoliciesForUser and ram:GetPolicy';
  if (code === 'NoPermission') return `RAM refuses ${message}. Your identity needs ${needed}.`;
  return `RAM cannot be asked: ${message}`;
}

function usage(problem: string): CliError {
  return new CliError(EXIT.usage, `${problem} See oss-token-broker setup --help`);
}
