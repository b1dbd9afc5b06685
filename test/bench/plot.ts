/** The plot of one run: what a request costs, and how that changes with connections and grants. */
import { type Bar, barChart, type Chart } from './bar-chart.ts';
import { type Line, lineChart } from './line-chart.ts';
import type { MeasuredGroups } from './report.ts';
import type { Measured } from './row.ts';
import { element } from './svg.ts';

const WIDTH = 900;
const MARGIN = 24;
const BROKER = '#0969da';
const OTHERS = '#8c959f';
const REFUSED = '#bf8700';
const COLORS: readonly string[] = ['#57606a', '#bf3989', BROKER, '#1a7f37', REFUSED];

/** An SVG document with one chart below the other. Groups that were not measured have none. */
export function drawPlot({ requests, connections, grants }: MeasuredGroups): string {
  const width = WIDTH - 2 * MARGIN;
  const charts: Chart[] = [];
  if (requests.length > 0) {
    const title = 'CPU per request in µs (logarithmic), and its ratio to hono + jose';
    charts.push(barChart(title, toBars(requests), width));
  }
  if (connections.length > 0) {
    const lines = toLines(connections, ({ connections: x, answersPerSecond: y }) => ({ x, y }));
    charts.push(lineChart('Answers a second', 'connections', lines, width));
  }
  if (grants.length > 0) {
    const lines = toLines(grants, ({ grants: x, cpuUs: y }) => ({ x, y }));
    charts.push(lineChart('CPU per request in µs', 'grants in the config', lines, width));
  }
  let y = MARGIN;
  const placed = charts.map(({ svg, height }) => {
    const group = element('g', { transform: `translate(${MARGIN} ${y})` }, svg);
    y += height;
    return group;
  });
  const background = element('rect', { width: WIDTH, height: y, fill: '#ffffff' });
  const size = { width: WIDTH, height: y, viewBox: `0 0 ${WIDTH} ${y}` };
  const font = { 'font-family': 'system-ui, sans-serif', 'font-size': 12, fill: '#1f2328' };
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...size, ...font }, background, ...placed)}\n`;
}

function toBars(rows: readonly Measured[]): readonly Bar[] {
  return rows.map((row) => {
    const base = rows.find(
      ({ server, algorithm }) => server === 'hono + jose' && algorithm === row.algorithm,
    );
    const isBroker = row.server === 'broker';
    return {
      name: row.name,
      value: row.cpuUs,
      note: base === undefined ? '' : `  (${(row.cpuUs / base.cpuUs).toFixed(2)})`,
      color: row.name.includes('refused') ? REFUSED : isBroker ? BROKER : OTHERS,
    };
  });
}

/** Rows that differ in a number only are points of one line. */
function toLines(
  rows: readonly Measured[],
  pointOf: (row: Measured) => Line['points'][number],
): readonly Line[] {
  const names = new Set(rows.map(({ name }) => lineName(name)));
  return [...names].map((name, n) => ({
    name,
    color: COLORS[n % COLORS.length] ?? BROKER,
    points: rows.filter((row) => lineName(row.name) === name).map(pointOf),
  }));
}

function lineName(rowName: string): string {
  return rowName.replace(/, \d+ (?:connections|grants)$/, '');
}
