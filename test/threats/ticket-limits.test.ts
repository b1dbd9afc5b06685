/** How often, from where and for how long a credential URL that leaked can be used. */
import { describe, expect, it } from 'vitest';
import { startTestBroker } from '../support/broker.ts';
import { makeUrl, pathOf, TICKET_ENVIRONMENT, useUrl } from '../support/credential-urls.ts';
import { CONFIG, ticketBrokerOfFile } from '../support/ticket-brokers.ts';

const tickets = ticketBrokerOfFile();

describe('threat 47: a credential URL that leaks', () => {
  it('gives no more credentials than it may, however they are asked for', async () => {
    const uses = 3;
    const made = await makeUrl(tickets.broker, {
      claims: { sub: 'counted' },
      body: { Uses: uses },
    });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => useUrl(tickets.broker, pathOf(made))),
    );
    const later = await useUrl(tickets.broker, pathOf(made));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(uses);
    expect(later.body['code']).toBe('credential_url_used_up');
    expect(tickets.broker.auditLines().at(-1)).toMatchObject({
      reason: 'ticket_used_up',
      ticketId: made.body['TicketId'],
      why: { uses },
    });
  });

  it('with a number of uses gives nothing while the store does not answer', async () => {
    const config = `${CONFIG}store: { redisUrlFrom: REDIS_URL }\n`;
    const environment = { ...TICKET_ENVIRONMENT, REDIS_URL: 'redis://127.0.0.1:1' };
    const lost = await startTestBroker({ config, environment });
    const counted = pathOf(await makeUrl(lost, { body: { Uses: 5 } }));
    const uncounted = pathOf(await makeUrl(lost));
    const answers = [await useUrl(lost, counted), await useUrl(lost, uncounted)];
    await lost.close();

    expect(answers.map(({ status }) => status)).toEqual([503, 200]);
  });

  it.each([
    ['203.0.113.7', '203.0.113.7', 200],
    ['203.0.113.7', '203.0.113.8', 401],
    ['203.0.113.7', undefined, 401],
    ['203.0.113.7', '203.0.113.7, 203.0.113.8', 401],
    ['2001:db8::1', '2001:DB8:0::1', 200],
    ['2001:db8::1', '2001:db8::2', 401],
    ['203.0.113.7', '2001:db8::1', 401],
    ['2001:db8::1', '203.0.113.7', 401],
  ])('bound to %s and used from %s is answered with %s', async (bound, caller, status) => {
    const made = await makeUrl(tickets.broker, {
      claims: { sub: 'bound' },
      body: { BindAddress: true, Uses: 1 },
      headers: { 'X-Forwarded-For': bound },
    });
    const used = await useUrl(
      tickets.broker,
      pathOf(made),
      caller === undefined ? {} : { 'X-Forwarded-For': caller },
    );

    expect(made.body['BoundAddress']).toBe(bound);
    expect(used.status).toBe(status);
    // nobody learns that it is bound
    if (status !== 200) expect(used.body['code']).toBe('credential_url_invalid');
  });

  it('is not bound to an address that nobody knows', async () => {
    const { status, body } = await makeUrl(tickets.broker, { body: { BindAddress: true } });

    expect([status, body['code']]).toEqual([403, 'caller_address_unknown']);
  });

  it('ends when it says', async () => {
    const made = await makeUrl(tickets.broker, {
      claims: { sub: 'ending' },
      body: { LifeSeconds: 100 },
    });
    const before = await useUrl(tickets.broker, pathOf(made));
    tickets.broker.clock.offsetMs = 101_000;
    const late = await useUrl(tickets.broker, pathOf(made));
    tickets.broker.clock.offsetMs = 0;

    expect([before.status, late.status]).toEqual([200, 401]);
    expect(late.body['code']).toBe('credential_url_expired');
  });

  it('leaves an audit line that says which of many URLs it was, whatever is refused', async () => {
    const made = await makeUrl(tickets.broker, {
      claims: { sub: 'leak' },
      body: { LifeSeconds: 100 },
    });
    tickets.broker.clock.offsetMs = 101_000;
    await useUrl(tickets.broker, pathOf(made));
    tickets.broker.clock.offsetMs = 0;

    expect(tickets.broker.auditLines().at(-1)).toMatchObject({
      decision: 'refused',
      ticketId: made.body['TicketId'],
    });
  });
});
