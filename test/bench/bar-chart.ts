/** A chart of horizontal bars on a logarithmic scale, each with its name and its value. */
import { element, label, line } from './svg.ts';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Behind the value, e.g. a ratio. */
  readonly note: string;
  readonly color: string;
}

export interface Chart {
  readonly svg: string;
  readonly height: number;
}

const TITLE_HEIGHT = 40;
const BAR_HEIGHT = 18;
const STEP = 25;
const NAMES_WIDTH = 240;
const NOTES_WIDTH = 190;
const GRID = { stroke: '#d8dee4', 'stroke-width': 1 };

/** Bars begin at the power of ten below the smallest value. */
export function barChart(title: string, bars: readonly Bar[], width: number): Chart {
  const values = bars.map(({ value }) => value);
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.log10(Math.max(...values));
  const plotWidth = width - NAMES_WIDTH - NOTES_WIDTH;
  const bottom = TITLE_HEIGHT + bars.length * STEP;
  const xOf = (value: number) =>
    NAMES_WIDTH + ((Math.log10(value) - first) / (last - first)) * plotWidth;

  const powers = Array.from({ length: Math.floor(last) - first + 1 }, (_, n) => 10 ** (first + n));
  const grid = powers.flatMap((power) => [
    line({ x: xOf(power), y: TITLE_HEIGHT - 6 }, { x: xOf(power), y: bottom }, GRID),
    label({ x: xOf(power), y: bottom + 16 }, String(power), { 'text-anchor': 'middle' }),
  ]);
  const drawn = bars.flatMap(({ name, value, note, color }, n) => {
    const y = TITLE_HEIGHT + n * STEP;
    const end = xOf(value);
    const bar = { x: NAMES_WIDTH, y, width: Math.max(1, end - NAMES_WIDTH), height: BAR_HEIGHT };
    const baseline = y + BAR_HEIGHT - 4;
    const shown = value < 10 ? value.toFixed(1) : value.toFixed(0);
    return [
      label({ x: NAMES_WIDTH - 8, y: baseline }, name, { 'text-anchor': 'end' }),
      element('rect', { ...bar, fill: color, rx: 2 }),
      label({ x: end + 6, y: baseline }, `${shown}${note}`),
    ];
  });
  const heading = label({ x: 0, y: 18 }, title, { 'font-weight': 'bold', 'font-size': 15 });
  return { svg: [heading, ...grid, ...drawn].join('\n'), height: bottom + 40 };
}
