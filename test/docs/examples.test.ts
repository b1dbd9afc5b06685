/** Every file of the examples is on a page, or linked from one; and what a page does not test, it says. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGES } from './pages.ts';
import { EXAMPLES } from './rules-examples.ts';

const ON_PAGES = new Set(PAGES.flatMap(({ blocks }) => blocks.map(({ text }) => text)));
const LINKED = new Set(
  PAGES.flatMap(({ path, links }) => links.map((link) => join(path, '..', link))),
);
/** What installers write and read. */
const IS_LOCK = /(?:requirements\.(?:txt|lock)|go\.(?:mod|sum)|package(?:-lock)?\.json)$/;

describe('a file of the examples', () => {
  it.each([...EXAMPLES].filter(([path]) => !IS_LOCK.test(path)))(
    'is shown or linked: %s',
    (path, text) => {
      expect(ON_PAGES.has(text) || LINKED.has(path)).toBe(true);
    },
  );
});
