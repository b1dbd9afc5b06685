/** Every fenced block of every page is covered by one rule, and holds. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Block, PAGES } from './pages.ts';
import { RULES } from './rules.ts';
import { removeClient } from './rules-client.ts';
import { missingPrograms } from './shell.ts';
import { startWorld, type World } from './world.ts';

const BLOCKS = PAGES.flatMap(({ blocks }) => blocks);
let world: World;

beforeAll(async () => {
  world = await startWorld();
});

afterAll(async () => {
  await world.close();
  removeClient();
});

const rulesFor = (block: Block) => RULES.filter((rule) => rule.covers(block));
const placeOf = ({ page, line }: Block) => `${page}:${line}`;

describe('a fenced block', () => {
  it.for(
    BLOCKS.map(
      (block) => [placeOf(block), rulesFor(block)[0]?.name ?? 'covered by no rule', block] as const,
    ),
  )('%s is %s', async ([, , block], { skip }) => {
    const [rule, another] = rulesFor(block);
    if (rule === undefined) throw new Error('no rule covers this block: write one');
    const missing = block.language === 'sh' ? missingPrograms(block.text) : [];
    skip(missing.length > 0, `there is no ${missing.join(', no ')}`);

    expect(another?.name).toBeUndefined();
    await rule.check(block, world);
  });
});

describe('the rules', () => {
  it('each cover a block', () => {
    const unused = RULES.filter((rule) => !BLOCKS.some((block) => rule.covers(block)));

    expect(unused.map(({ name }) => name)).toEqual([]);
  });

  it.each([
    ['', 'anything'],
    ['sh', 'rm -r somewhere\n'],
    ['python', 'print(1)\n'],
    ['json', '{ "a": 1 }\n'],
    ['yaml', 'regoin: cn-hangzhou\n'],
  ])('cover no block in "%s" that nobody has thought of', (language, text) => {
    expect(rulesFor({ page: 'README.md', line: 1, language, text })).toEqual([]);
  });
});
