import { describe, expect, it } from 'vitest';
import { unmetCondition } from '../../src/grants/conditions.ts';
import { SIMPLE_CONFIG, startTestBroker } from '../support/broker.ts';

const withCondition = (condition: string) =>
  SIMPLE_CONFIG.replace('    role:', `    when: [${condition}]\n    role:`);

describe('threat 40: numbers beyond 2^53 that compare equal', () => {
  it.each([
    '{ claim: owner, equals: 1234567890123456789 }',
    '{ claim: owner, in: [7, 9007199254740992] }',
    '{ claim: owner, contains: -1234567890123456789 }',
    '{ claim: owner, equals: 1.0e300 }',
  ])('the config with %s does not load', async (condition) => {
    await expect(startTestBroker({ config: withCondition(condition) })).rejects.toThrow(
      'has a number beyond 2^53',
    );
  });

  it('a string of digits matches that string only, and no number', async () => {
    const broker = await startTestBroker({
      config: withCondition('{ claim: owner, equals: "1234567890123456789" }'),
    });
    const ask = async (owner: unknown) => (await broker.ask({ claims: { owner } })).status;

    expect(await ask('1234567890123456789')).toBe(200);
    expect(await ask('1234567890123456672')).toBe(403);
    expect(await ask(Number('1234567890123456789'))).toBe(403);
    await broker.close();
  });

  it.each([
    ['equals', { claim: ['owner'], operator: 'equals', value: 2 ** 60 }, 2 ** 60],
    ['in', { claim: ['owner'], operator: 'in', values: [1, 2 ** 60] }, 2 ** 60],
    ['contains', { claim: ['owner'], operator: 'contains', value: 2 ** 60 }, [2 ** 60]],
  ] as const)(
    'a config that has such a number all the same matches nothing with %s',
    (_operator, condition, owner) => {
      expect(unmetCondition(condition, { owner })).toContain('does not hold');
    },
  );
});
