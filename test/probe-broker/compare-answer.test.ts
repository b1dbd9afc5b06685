import { describe, expect, it } from 'vitest';
import { parseJsonObject } from '../../src/lib/strict-json.ts';
import { compareAnswer } from '../../src/probe-broker/compare-answer.ts';

const TARGET = 'oss://app-media/a/';

/** What a broker, or whatever answers in its place, sends as `Grant`. */
function compare(grant: object) {
  const parsed = parseJsonObject(Buffer.from(JSON.stringify({ Grant: grant })));
  if (!parsed.ok) throw new Error(parsed.problem);
  const expected = { grant: 'files', targets: { [TARGET]: ['read'] } };
  return compareAnswer(expected, { kind: 'credential', answer: parsed.value });
}

describe('a probe of an answer', () => {
  it('finds no difference where there is none', () => {
    const targets = [{ Target: TARGET, Permissions: ['read'] }];

    expect(compare({ Name: 'files', Targets: targets })).toEqual([]);
  });

  it.each([
    [{ Name: {}, Targets: [{ Target: TARGET, Permissions: ['read'] }] }],
    [{ Name: [{}], Targets: [{ Target: TARGET, Permissions: ['read'] }] }],
    [{ Name: 'files', Targets: [{ Target: TARGET, Permissions: ['read', {}] }] }],
    [{ Name: 'files', Targets: [{ Target: TARGET, Permissions: ['read'], Actions: [[{}]] }] }],
    [{ Name: 'files', Targets: [{ Target: {}, Permissions: ['read'] }] }],
  ])('says that %j differs, whatever stands in the place of a text', (grant) => {
    expect(compare(grant)).not.toEqual([]);
  });
});
