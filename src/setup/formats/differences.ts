/** The differences between a config and the account, for people. */
import type { CloudSide } from '../cloud-side.ts';
import type { Difference } from '../compare.ts';

type Paint = (style: 'bold' | 'red' | 'yellow' | 'green', text: string) => string;

const STYLES = { missing: 'red', extra: 'yellow', unknown: 'yellow' } as const;

/** They reach a terminal as they are. */
export function formatDifferences(
  { roles, cors }: CloudSide,
  differences: readonly Difference[],
  paint: Paint,
): string {
  if (differences.length === 0) {
    const what = `${count(roles.length, 'role')}, the broker's own policy, CORS of ${count(cors.length, 'bucket')}`;
    return `${paint('green', 'no difference')}: ${what}\n`;
  }
  const places = [...new Set(differences.map(({ where }) => where))];
  return places
    .map((place) => {
      const lines = differences
        .filter(({ where }) => where === place)
        .map(({ kind, what }) => `  ${paint(STYLES[kind], kind.padEnd(7))}  ${what}\n`);
      return `${paint('bold', place)}\n${lines.join('')}`;
    })
    .join('');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
