/** One finding, for people. */
import type { Finding } from './finding.ts';

type Paint = (style: 'dim' | 'red' | 'green' | 'yellow' | 'bold', text: string) => string;

const STYLES = { ok: 'green', failed: 'red', skipped: 'yellow' } as const;

/** Its text reaches a terminal as it is. */
export function formatFinding({ check, status, saw, ...why }: Finding, paint: Paint): string {
  const more = (['cause', 'fix', 'link'] as const).flatMap((name) => {
    const text = why[name];
    return text === undefined ? [] : [`         ${paint('dim', name.padEnd(5))} ${text}`];
  });
  const mark = paint(STYLES[status], status.padEnd(7));
  return `${[`${mark}  ${paint('bold', check)}: ${saw}`, ...more].join('\n')}\n`;
}
