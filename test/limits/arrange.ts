/** Configs with limits, and what brokers with them answer. */
import type { Answer } from '../support/broker.ts';
import { SIMPLE_CONFIG } from '../support/broker.ts';

/** The simple config with further lines for its issuer, its grant and at the top level. */
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

/** Asks one after the other. */
export async function outcomesOf(
  times: number,
  ask: (index: number) => Promise<Answer>,
): Promise<readonly string[]> {
  const outcomes: string[] = [];
  for (let index = 0; index < times; index++) outcomes.push(outcome(await ask(index)));
  return outcomes;
}
