/** `explain`: what the broker decides for a subject token or for claims, step by step; and what a line of the audit log means. */
import { describeExplanation } from '../../explain/describe-explanation.ts';
import { explainLine } from '../../explain/explain-line.ts';
import { explainRequest } from '../../explain/explain-request.ts';
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { NARROWING_OPTIONS } from '../broker/request-options.ts';
import { TOKEN_OPTIONS } from '../subject-token/token-options.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { readExplainInput } from './explain-input.ts';
import { readExplainRequest, readInstant } from './explain-request-options.ts';
import { findAuditLine } from './find-audit-line.ts';
import { type ConfigFile, loadConfigFile } from './load-config-file.ts';
import { printAnswer } from './print-answer.ts';

const DEFAULT_CONFIG = 'broker.yaml';

export const spec: CommandSpec = {
  name: 'explain',
  summary: 'explains what the broker decides for a subject token, and what a credential may do',
  usage: '[broker.yaml] [options]',
  isForOperators: true,
  takesWords: 1,
  options: [
    ...TOKEN_OPTIONS,
    { name: 'verify', text: "checks the signature with the issuer's keys, over the network" },
    {
      name: 'claims',
      value: 'path',
      isPath: true,
      text: 'explains a JSON file of claims instead of a token',
    },
    { name: 'issuer', value: 'name', text: 'the issuer of the claims, by its name in the config' },
    ...NARROWING_OPTIONS,
    { name: 'role-arn', value: 'arn', text: 'the role, as callers of the API of STS name it' },
    { name: 'source-address', value: 'address', text: 'the address that the caller comes from' },
    { name: 'key', value: 'oss://…', text: 'one more object for the table of operations' },
    { name: 'at', value: 'instant', text: 'decides as of then: 2026-11-23T18:45:00Z' },
    {
      name: 'audit',
      value: 'path',
      isPath: true,
      text: 'explains a line of this audit log; - reads standard input',
    },
    { name: 'request-id', value: 'id', text: 'the line of the audit log with this request id' },
    { name: 'format', value: 'name', choices: ['text', 'json'], text: 'text or json (text)' },
  ],
  examples: [
    [
      'what a token gets, and why',
      'oss-token-broker explain broker.yaml --token-file token.jwt --verify',
    ],
    [
      'what a caller with these claims would get of one grant',
      'oss-token-broker explain --claims claims.json --issuer app --grant user-files',
    ],
    [
      'why a request was refused',
      'oss-token-broker explain --audit audit.log --request-id 0b6c6f1e-4c2e-4f0e-9d4e-6a2f0c1d7b5a',
    ],
  ],
  notes: ['Exit code 0: granted. Exit code 6: refused.'],
};

/** Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const { config } = loadConfigFile(args.operands[0] ?? DEFAULT_CONFIG, machine);
  return args.has('audit')
    ? explainAudit(args, machine, config)
    : explainDecision(args, machine, config);
}

async function explainDecision(
  args: Arguments,
  machine: Machine,
  config: ConfigFile['config'],
): Promise<number> {
  const nowMs = readInstant(args, machine.now());
  const { input, assumed } = await readExplainInput(args, { machine, config, nowMs });
  const explanation = {
    ...(await explainRequest({ config, input, nowMs, ...readExplainRequest(args) })),
    ...(assumed.length === 0 ? {} : { assumed }),
  };
  await printAnswer(explanation, args.text('format'), machine, describeExplanation);
  return explanation.outcome === 'granted' ? EXIT.done : EXIT.found;
}

async function explainAudit(
  args: Arguments,
  machine: Machine,
  config: ConfigFile['config'],
): Promise<number> {
  const line = await findAuditLine(args.text('audit') ?? '', args.text('request-id'), machine);
  const explanation = explainLine(line, config, machine.now());
  if (explanation === undefined) {
    throw new CliError(EXIT.failed, 'The line is no line of an audit log of version 1.');
  }
  await printAnswer(
    explanation,
    args.text('format'),
    machine,
    ({ sentences }) => `${sentences.join('\n')}\n`,
  );
  return explanation.outcome === 'granted' ? EXIT.done : EXIT.found;
}
