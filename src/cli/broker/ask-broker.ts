/** Asks the broker once: for a credential, or whatever else its native API answers with JSON. */
import { type JsonObject, parseJsonObject } from '../../lib/strict-json.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import { exchange } from '../system/http-exchange.ts';
import { refusalOf } from './refusal.ts';

const TIMEOUT_MS = 10_000;

export interface BrokerRequest {
  readonly url: URL;
  readonly subjectToken: string;
  readonly members: JsonObject;
}

/** Throws a CliError for every answer but a success. */
export async function askBroker({
  url,
  subjectToken,
  members,
}: BrokerRequest): Promise<JsonObject> {
  const answer = await exchange({
    url,
    method: 'POST',
    headers: {
      Authorization: `Bearer ${subjectToken}`,
      'Content-Type': 'application/json',
      Accept: 'application/json',
    },
    body: JSON.stringify(members),
    timeoutMs: TIMEOUT_MS,
  });
  if (answer.status !== 200 && answer.status !== 201) throw refusalOf(answer);
  const parsed = parseJsonObject(answer.body);
  if (!parsed.ok) {
    throw new CliError(EXIT.refused, `The answer is not that of a broker: it ${parsed.problem}.`);
  }
  return parsed.value;
}
