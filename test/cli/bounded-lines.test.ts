/** How bytes become lines, wherever they are cut into chunks. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boundedLines } from '../../src/cli/operator/bounded-lines.ts';

const LIMIT = 4;

async function linesOf(chunks: readonly Buffer[]) {
  async function* input() {
    yield* chunks;
  }
  const lines: (string | undefined)[] = [];
  for await (const line of boundedLines(input(), LIMIT)) lines.push(line?.toString());
  return lines;
}

it('yields the same lines for all chunks, and nothing of a line that is too long', async () => {
  const chunk = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 8 }), async (texts) => {
      const expected = texts.join('').split('\n');
      // after the last line feed there is no line
      if (expected.at(-1) === '') expected.pop();

      expect(await linesOf(texts.map((text) => Buffer.from(text)))).toEqual(
        expected.map((line) => (line.length <= LIMIT ? line : undefined)),
      );
    }),
  );
});

it('counts bytes, and no characters', async () => {
  expect(await linesOf([Buffer.from('éé\nééa\n')])).toEqual(['éé', undefined]);
});
