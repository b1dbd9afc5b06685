/** `doctor`: checks a config against the real world, with cause and fix for what fails. */
import { lookup } from 'node:dns';
import type { Config } from '../../config/config.ts';
import { type DoctorTools, examine } from '../../doctor/examine.ts';
import { EC, type Explanation, explainEc } from '../../doctor/explain-ec.ts';
import type { Finding } from '../../doctor/finding.ts';
import { formatFinding } from '../../doctor/format-finding.ts';
import { createAskOss } from '../../doctor/oss-exchange.ts';
import { createCallRpc } from '../../rpc/call-rpc.ts';
import { defaultSource } from '../../source-credentials/create-source-credentials.ts';
import { createAssumeRole } from '../../sts/assume-role.ts';
import { createFetchIssuer } from '../../subject-token/keys/issuer-fetch.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { loadConfigFile } from './load-config-file.ts';
import { createMachineCredentials } from './machine-credentials.ts';
import { printAnswer, toJson } from './print-answer.ts';

export const spec: CommandSpec = {
  name: 'doctor',
  summary: 'checks a config against Alibaba Cloud and the issuers, with cause and fix',
  usage: '[broker.yaml] [options]',
  isForOperators: true,
  takesWords: 1,
  options: [
    { name: 'format', value: 'format', choices: ['text', 'json'], text: 'text (default) or json' },
    { name: 'ec', value: 'code', text: 'only explains an EC code of OSS, such as 0003-00000301' },
  ],
  examples: [
    ['where the broker runs, with its environment', 'oss-token-broker doctor broker.yaml'],
    ['what an answer of OSS means', 'oss-token-broker doctor --ec 0003-00000301'],
  ],
};

/** Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const format = args.text('format');
  const ec = args.text('ec');
  if (ec !== undefined) {
    if (args.operands.length > 0) throw usage('--ec needs no config.');
    return printExplanation(ec, format, machine);
  }
  const { config } = loadConfigFile(args.operands[0] ?? 'broker.yaml', machine);
  const findings: Finding[] = [];
  for await (const finding of examine(createTools(config, machine))) {
    findings.push(finding);
    // each as soon as it is there; JSON is one object
    if (format !== 'json') await printAnswer(finding, format, machine, formatFinding);
  }
  if (format === 'json') await machine.print(toJson({ findings }));
  return findings.some(({ status }) => status === 'failed') ? EXIT.found : EXIT.done;
}

function createTools(config: Config, machine: Machine): DoctorTools {
  const { environment, now } = machine;
  const { region, sts } = config;
  const isOnFunctionCompute = environment['FC_FUNCTION_NAME'] !== undefined;
  const settings = config.sourceCredentials ?? defaultSource(isOnFunctionCompute);
  const sourceCredentials = createMachineCredentials(settings, config, machine);
  const host = `${sts.network === 'vpc' ? 'sts-vpc' : 'sts'}.${region}.aliyuncs.com`;
  const endpoint = sts.endpoint ?? host;
  return {
    config,
    sourceType: settings.type,
    isOnFunctionCompute,
    sourceCredentials,
    stsUrl: endpoint.startsWith('http://') ? endpoint : `https://${endpoint}/`,
    createCallSts: (credentials) => createCallRpc({ endpoint, credentials }),
    assumeRole: createAssumeRole({ region, sts, sourceCredentials, now }).assumeRole,
    fetchIssuer: createFetchIssuer({ lookup }),
    askOss: createAskOss(fetch),
    fetch,
    now,
  };
}

async function printExplanation(
  ec: string,
  format: string | undefined,
  machine: Machine,
): Promise<number> {
  if (!EC.test(ec)) throw usage('--ec is a code such as 0003-00000301.');
  await printAnswer({ ec, ...explainEc(ec) }, format, machine, formatExplanation);
  return EXIT.done;
}

function formatExplanation({ ec, meaning, cause, fix, link }: Explanation & { ec: string }) {
  return `EC ${ec}: ${meaning}\ncause  ${cause}\nfix    ${fix}\nlink   ${link}\n`;
}

function usage(problem: string): CliError {
  return new CliError(EXIT.usage, `${problem} See oss-token-broker doctor --help`);
}
