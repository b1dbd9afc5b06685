/** Finds one line of an audit log, in a file or on standard input. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type JsonObject, parseJsonObject } from '../../lib/strict-json.ts';
import { systemErrorCode } from '../../lib/system-error-code.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import { printable } from '../system/printable.ts';

const STDIN = '-';

/**
 * Returns the line with the request id, or the only line there is. Throws a CliError if there is no
 * such line, if there are several, or if it is no JSON.
 */
export async function findAuditLine(
  path: string,
  requestId: string | undefined,
): Promise<JsonObject> {
  const input = path === STDIN ? createReadStream('', { fd: 0 }) : createReadStream(path);
  const found: JsonObject[] = [];
  let unreadable = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (text.trim() === '') continue;
      const parsed = parseJsonObject(Buffer.from(text));
      if (!parsed.ok) unreadable++;
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
  const about = unreadable === 0 ? '' : ` ${unreadable} lines are no JSON.`;
  throw new CliError(EXIT.failed, `There is no such line.${about}`);
}
