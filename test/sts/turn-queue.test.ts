import { describe, expect, it } from 'vitest';
import { createTurnQueue } from '../../src/sts/turn-queue.ts';

const anybody = () => true;

/** A queue with these items: the letters are callers, and each item is `<caller><n>`. */
function queueOf(callers: string) {
  const queue = createTurnQueue<string>();
  for (const [n, caller] of [...callers].entries()) queue.add(caller, `${caller}${n}`);
  return queue;
}

function takeAll(queue: ReturnType<typeof queueOf>): readonly string[] {
  const taken: string[] = [];
  for (let item = queue.take(anybody); item !== undefined; item = queue.take(anybody)) {
    taken.push(item);
  }
  return taken;
}

describe('the queue of turns', () => {
  it('gives each caller one turn after another, however many a caller has waiting', () => {
    expect(takeAll(queueOf('aaaabca'))).toEqual(['a0', 'b4', 'c5', 'a1', 'a2', 'a3', 'a6']);
  });

  it('passes over callers that may not go, and keeps their turn', () => {
    const queue = queueOf('aab');

    expect(queue.take((caller) => caller !== 'a')).toBe('b2');
    expect(queue.take((caller) => caller !== 'a')).toBeUndefined();
    expect(takeAll(queue)).toEqual(['a0', 'a1']);
  });

  it('puts back what had its turn in vain as the first of its caller', () => {
    const queue = queueOf('aab');
    queue.take(anybody);
    queue.putBack('a', 'a0');

    expect(takeAll(queue)).toEqual(['b2', 'a0', 'a1']);
  });

  it('forgets what is removed', () => {
    const queue = queueOf('aab');
    queue.remove('a', 'a0');
    queue.remove('b', 'b2');
    queue.remove('c', 'c0');

    expect(takeAll(queue)).toEqual(['a1']);
    expect(queue.removeAll()).toEqual([]);
  });

  it('takes 50 of one caller', () => {
    const queue = createTurnQueue<number>();
    const added = Array.from({ length: 60 }, (_, n) => queue.add('a', n));

    expect(added.filter((isAdded) => isAdded)).toHaveLength(50);
    expect(queue.add('b', 0)).toBe(true);
  });

  it('takes the first of each caller only once 1,000 wait, and 2,000 in all', () => {
    const queue = createTurnQueue<number>();
    for (let n = 0; n < 1000; n++) queue.add(`flood-${n % 20}`, n);

    expect(queue.add('flood-0', 0)).toBe(false);
    expect(queue.add('late', 0)).toBe(true);
    expect(queue.add('late', 1)).toBe(false);
    for (let n = 0; n < 999; n++) expect(queue.add(`later-${n}`, n)).toBe(true);
    expect(queue.add('too late', 0)).toBe(false);
    expect(queue.removeAll()).toHaveLength(2000);
    expect(queue.add('too late', 0)).toBe(true);
  });
});
