/** One finding, for people. */
import { withoutControls } from '../lib/without-controls.ts';
import type { Finding } from './finding.ts';

type Paint = (style: 'dim' | 'red' | 'green' | 'yellow' | 'bold', text: string) => string;

const STYLES = { ok: 'green', failed: 'red', skipped: 'yellow' } as const;

export function formatFinding({ check, status, saw, ...why }: Finding, paint: Paint): string {
  const more = (['cause', 'fix', 'link'] as const).flatMap((name) => {
    const text = why[name];
    return text === undefined
      ? []
      : [`         ${paint('dim', name.padEnd(5))} ${withoutControls(text)}`];
  });
  const mark = paint(STYLES[status], status.padEnd(7));
  return `${[`${mark}  ${paint('bold', check)}: ${withoutControls(saw)}`, ...more].join('\n')}\n`;
}
