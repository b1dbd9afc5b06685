/** Reads the request of `explain` from its options, as a surface reads one. */
import { isIP } from 'node:net';
import { readMembers } from '../../api/native/request.ts';
import type { ExplainOptions } from '../../explain/explain-request.ts';
import { parseTarget } from '../../grants/target.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { readNarrowing } from '../broker/request-options.ts';
import { CliError, EXIT } from '../system/cli-error.ts';

/** Throws a CliError for an address that is none, or a key that no object can have. */
export function readExplainRequest(
  args: Arguments,
): Pick<ExplainOptions, 'readRequest' | 'callerAddress' | 'key'> {
  const members = readNarrowing(args);
  const roleArn = args.text('role-arn');
  const callerAddress = args.text('source-address');
  if (callerAddress !== undefined && isIP(callerAddress) === 0) {
    throw new CliError(EXIT.usage, '--source-address is an IP address.');
  }
  return {
    readRequest: () => ({
      ...readMembers(Object.entries(members)),
      ...(roleArn === undefined ? {} : { roleArn }),
    }),
    callerAddress,
    key: readKey(args.text('key')),
  };
}

function readKey(text: string | undefined) {
  if (text === undefined) return undefined;
  try {
    return parseTarget(text);
  } catch {
    throw new CliError(EXIT.usage, '--key is an object such as oss://bucket/folder/name.');
  }
}

/** Milliseconds since the epoch: `--at`, or now. Throws a CliError for another text than an ISO instant. */
export function readInstant(args: Arguments, nowMs: number): number {
  const text = args.text('at');
  if (text === undefined) return nowMs;
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new CliError(EXIT.usage, '--at is an instant such as 2026-11-23T18:45:00Z.');
  }
  return ms;
}
