/** What `explain` says of a reason is what the table of the operations page says. */
import { expect, it } from 'vitest';
import { MEANINGS } from '../../src/explain/meanings.ts';
import type { Reason } from '../../src/refusal.ts';
import { SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';
import { throughTokenExchange } from '../support/token-exchange.ts';
import { namesInCell, rowsOf, sectionOf } from './sections.ts';

/** Without marks of Markdown. */
const toText = (cell: string) =>
  cell
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .trim();

it('each reason has the meaning of its row', () => {
  const rows = rowsOf(sectionOf('docs/operations.md', 'Reasons')).flatMap(
    ([, reasons = '', , meaning = '']) =>
      namesInCell(reasons).map((reason) => [reason, toText(meaning)] as const),
  );

  expect(Object.fromEntries(rows)).toEqual(MEANINGS);
});

it('the meaning of a refusal is true of a token exchange too, which has its token in a form', async () => {
  const config = `${SIMPLE_CONFIG}surfaces: { tokenExchange: true }\n`;
  const broker = throughTokenExchange(await startTestBroker({ config }));
  const meaningOf = async (reason: Reason, request: Parameters<typeof broker.ask>[0]) => {
    await broker.ask(request);
    expect(broker.auditLines().at(-1)).toMatchObject({ surface: 'token_exchange', reason });
    return MEANINGS[reason];
  };
  const json = { 'Content-Type': 'application/json' };

  expect(await meaningOf('token_missing', { token: null })).toContain('subject_token');
  expect(await meaningOf('media_type_unsupported', { body: '{}', headers: json })).toContain(
    'application/x-www-form-urlencoded',
  );
  // a form with a token has more than the members of the native API
  expect(await meaningOf('body_too_large', { body: 'x'.repeat(16_385) })).toContain('limitBytes');
  expect(
    await meaningOf('not_acceptable', { headers: { Accept: `*/*, ${'x'.repeat(512)}` } }),
  ).toContain('512');
  await broker.close();
});
