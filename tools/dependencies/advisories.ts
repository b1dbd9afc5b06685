/** What `npm audit` says of the packages that production needs, told apart from its saying nothing. */
import { execFile } from 'node:child_process';
import { z } from 'zod';

/** Whatever is not among these counts as high, so that a word that is new to npm does too. */
const BELOW_HIGH: readonly string[] = ['info', 'low', 'moderate'];

/** https://docs.npmjs.com/cli/v10/commands/npm-audit, version 2 of its report */
const reportSchema = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      severity: z.string(),
      range: z.string(),
      via: z.array(z.union([z.string(), z.object({ title: z.string(), url: z.string() })])),
    }),
  ),
  // a report on nothing would have no advisories either
  metadata: z.object({ dependencies: z.object({ prod: z.number().min(1) }) }),
});

const failureSchema = z.object({ message: z.string().min(1) });

const errorSchema = z.object({
  error: z.object({ code: z.string().nullish(), summary: z.string().min(1) }),
});

export type Advisories =
  | { readonly wereChecked: false; readonly why: string }
  | {
      readonly wereChecked: true;
      /** A sentence for each package with an advisory of level high or more. */
      readonly problems: readonly string[];
      /** How many packages have lower ones only. */
      readonly belowHigh: number;
    };

/** Asks npm, for at most half a minute. Never throws: where nothing was learnt, it says why. */
export async function askForAdvisories(folder: string): Promise<Advisories> {
  const flags = ['--omit=dev', '--json', '--fetch-retries=0', '--fetch-timeout=10000'];
  const settings = { cwd: folder, timeout: 30_000, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    // npm ends with 1 for advisories and for failures alike, so what it wrote decides
    execFile('npm', ['audit', ...flags], settings, (_error, stdout) => {
      resolve(readAuditReport(stdout));
    });
  });
}

/** Reads what `npm audit --json` wrote. Only a whole report on some packages counts as checked. */
export function readAuditReport(output: string): Advisories {
  const json = parseJson(output);
  const report = reportSchema.safeParse(json);
  if (!report.success) return { wereChecked: false, why: explainFailure(json) };

  const found = Object.entries(report.data.vulnerabilities);
  const high = found.filter(([, { severity }]) => !BELOW_HIGH.includes(severity));
  return {
    wereChecked: true,
    belowHigh: found.length - high.length,
    problems: high.map(([name, { severity, range, via }]) => {
      const reasons = via.map((one) =>
        typeof one === 'string' ? `through ${one}` : `${one.title} (${one.url})`,
      );
      return `${name} ${range}: ${severity}: ${reasons.join(', ')}`;
    }),
  };
}

function explainFailure(json: unknown): string {
  const failure = failureSchema.safeParse(json);
  if (failure.success) return oneLine(failure.data.message);
  const error = errorSchema.safeParse(json);
  if (error.success) return oneLine(error.data.error.summary);
  return 'npm audit wrote no report';
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
