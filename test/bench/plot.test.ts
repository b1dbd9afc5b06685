/** The plot of the bench is well-formed, and shows every row. */
import { expect, it } from 'vitest';
import { barChart } from './bar-chart.ts';
import { lineChart } from './line-chart.ts';
import { label } from './svg.ts';

it('shows each bar with its name, value and note, longer for a larger value', () => {
  const bars = [
    { name: 'small', value: 12, note: ' (0.1)', color: 'red' },
    { name: 'large', value: 1200, note: ' (10)', color: 'red' },
  ];
  const { svg } = barChart('CPU', bars, 800);
  for (const text of ['CPU', 'small', '12 (0.1)', 'large', '1200 (10)']) {
    expect(svg).toContain(`>${text}</text>`);
  }
  const [small = 0, large = 0] = [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(widthOf);
  expect(large).toBeGreaterThan(small);
});

it('keeps the names of lines apart that end at the same point', () => {
  const points = [
    { x: 1, y: 100 },
    { x: 16, y: 200 },
  ];
  const lines = ['one', 'two'].map((name) => ({ name, color: 'red', points }));
  const { svg } = lineChart('Answers', 'connections', lines, 800);
  const yOf = (name: string) => Number(new RegExp(`y="([\\d.]+)"[^>]*>${name}<`).exec(svg)?.[1]);
  expect(yOf('two') - yOf('one')).toBeGreaterThanOrEqual(15);
});

it('escapes text', () => {
  expect(label({ x: 0, y: 0 }, 'a < b & "c"')).toContain('>a &lt; b &amp; &quot;c&quot;</text>');
});

function widthOf(match: RegExpMatchArray): number {
  return Number(match[1]);
}
