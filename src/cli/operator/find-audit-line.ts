/** Finds one line of an audit log, in a file or on standard input. */
import { createReadStream } from 'node:fs';
import { MAX_LINE_BYTES } from '../../audit/line.ts';
import { type JsonObject, parseJsonObject } from '../../lib/strict-json.ts';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';
import { printable } from '../system/printable.ts';
import { boundedLines } from './bounded-lines.ts';

const STDIN = '-';

/**
 * Returns the line with the request id, or the only line there is. Throws a CliError if there is no
 * such line or if there are several. What is no JSON, or longer than any line of the log, is none.
 */
export async function findAuditLine(
  path: string,
  requestId: string | undefined,
  machine: Machine,
): Promise<JsonObject> {
  const input = path === STDIN ? machine.streamStdin() : createReadStream(path);
  const found: JsonObject[] = [];
  let unreadable = 0;
  try {
    for await (const line of boundedLines(input, MAX_LINE_BYTES)) {
      if (line?.toString('latin1').trim() === '') continue;
      const parsed = line === undefined ? undefined : parseJsonObject(line);
      if (parsed?.ok !== true) unreadable++;
      else if (requestId === undefined || parsed.value['requestId'] === requestId) {
        found.push(parsed.value);
        if (found.length > 1) break;
      }
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new CliError(EXIT.failed, printable(`${path} cannot be read (${code})`));
  }
  const [only, another] = found;
  if (another !== undefined) {
    throw new CliError(EXIT.usage, 'There are several lines. --request-id says which one.');
  }
  if (only !== undefined) return only;
  const about =
    unreadable === 0 ? '' : ` ${unreadable} line${unreadable === 1 ? '' : 's'} cannot be read.`;
  throw new CliError(EXIT.failed, `There is no such line.${about}`);
}
