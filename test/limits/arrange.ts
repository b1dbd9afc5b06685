/** Makes configs with limits, and summarises the answers of their brokers. */
import type { Answer } from '../support/broker.ts';
import { SIMPLE_CONFIG } from '../support/broker.ts';

/** Adds lines to the issuer, the grant and the top level of the simple config. */
export function limitedConfig(
  lines: { readonly issuer?: string; readonly grant?: string; readonly top?: string } = {},
): string {
  const { issuer, grant, top = '' } = lines;
  return SIMPLE_CONFIG.replace(
    '    types:',
    issuer === undefined ? '    types:' : `    ${issuer}\n    types:`,
  )
    .replace('    restrict:', grant === undefined ? '    restrict:' : `    ${grant}\n    restrict:`)
    .concat(top, '\n');
}

/** `200`, or a status and its code. */
export function outcome({ status, body }: Answer): string {
  return status === 200 ? '200' : `${status} ${String(body['code'])}`;
}

/** Asks in sequence. */
export async function outcomesOf(
  times: number,
  ask: (index: number) => Promise<Answer>,
): Promise<readonly string[]> {
  const outcomes: string[] = [];
  for (let index = 0; index < times; index++) outcomes.push(outcome(await ask(index)));
  return outcomes;
}
