/** A chart of lines on logarithmic scales, each with its name behind its last point. */
import type { Chart } from './bar-chart.ts';
import { element, label, line } from './svg.ts';

export interface Line {
  readonly name: string;
  readonly color: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const TITLE_HEIGHT = 40;
const PLOT_HEIGHT = 220;
const LEFT = 60;
const NAMES_WIDTH = 200;
/** Names closer than this would overlap. */
const NAME_HEIGHT = 15;
const GRID = { stroke: '#d8dee4', 'stroke-width': 1 };

/** All lines have the same `x` values, which are shown below them. */
export function lineChart(
  title: string,
  xTitle: string,
  lines: readonly Line[],
  width: number,
): Chart {
  const xs = lines[0]?.points.map(({ x }) => x) ?? [];
  const ys = lines.flatMap(({ points }) => points.map(({ y }) => y));
  const right = width - NAMES_WIDTH;
  const bottom = TITLE_HEIGHT + PLOT_HEIGHT;
  const xOf = scale(xs, LEFT, right);
  const ticks = ticksWithin(Math.min(...ys), Math.max(...ys));
  const yOf = scale([...ys, ...ticks], bottom, TITLE_HEIGHT);

  const grid = [
    ...ticks.flatMap((y) => [
      line({ x: LEFT, y: yOf(y) }, { x: right, y: yOf(y) }, GRID),
      label({ x: LEFT - 8, y: yOf(y) + 4 }, y.toLocaleString('en'), { 'text-anchor': 'end' }),
    ]),
    ...xs.map((x) =>
      label({ x: xOf(x), y: bottom + 20 }, x.toLocaleString('en'), { 'text-anchor': 'middle' }),
    ),
    label({ x: (LEFT + right) / 2, y: bottom + 40 }, xTitle, { 'text-anchor': 'middle' }),
  ];
  const drawn = lines.map(({ color, points }) => {
    const path = points.map(({ x, y }) => `${xOf(x).toFixed(1)},${yOf(y).toFixed(1)}`).join(' ');
    const dots = points.map(({ x, y }) =>
      element('circle', { cx: xOf(x), cy: yOf(y), r: 3, fill: color }),
    );
    const stroke = { points: path, fill: 'none', stroke: color, 'stroke-width': 2 };
    return element('polyline', stroke) + dots.join('');
  });
  const names = placeNames(lines, yOf).map(({ name, color, y }) =>
    label({ x: right + 10, y: y + 4 }, name, { fill: color }),
  );
  const heading = label({ x: 0, y: 18 }, title, { 'font-weight': 'bold', 'font-size': 15 });
  return { svg: [heading, ...grid, ...drawn, ...names].join('\n'), height: bottom + 64 };
}

function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const low = Math.log(Math.min(...values));
  const high = Math.log(Math.max(...values));
  const span = high - low || 1;
  return (value) => from + ((Math.log(value) - low) / span) * (to - from);
}

/** 1, 2 and 5 times powers of ten, from the one below the smallest to the one above the largest. */
function ticksWithin(low: number, high: number): readonly number[] {
  const all = Array.from({ length: 24 }, (_, n) => (1 + (n % 3) ** 2) * 10 ** Math.floor(n / 3));
  const first = all.findLastIndex((tick) => tick <= low);
  const last = all.findIndex((tick) => tick >= high);
  return all.slice(Math.max(0, first), last + 1);
}

/** From top to bottom, each at least one line of text below the one before. */
function placeNames(lines: readonly Line[], yOf: (y: number) => number) {
  const wanted = lines
    .map(({ name, color, points }) => ({ name, color, y: yOf(points.at(-1)?.y ?? 1) }))
    .sort((a, b) => a.y - b.y);
  let lowest = Number.NEGATIVE_INFINITY;
  return wanted.map((one) => {
    lowest = Math.max(one.y, lowest + NAME_HEIGHT);
    return { ...one, y: lowest };
  });
}
