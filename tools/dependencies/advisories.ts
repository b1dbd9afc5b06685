/** Runs `npm audit` for the packages of production, and separates "no advisories" from "not checked". */
import { execFile } from 'node:child_process';
import { z } from 'zod';

/** Every other severity counts as high, so that a severity that npm adds later does too. */
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
  // a report on no packages has no advisories either, and must not pass as checked
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
      /** One sentence per package with an advisory of level high or more. */
      readonly problems: readonly string[];
      /** How many packages have only lower advisories. */
      readonly belowHigh: number;
    };

/** Runs npm for at most 30 seconds. Never throws: if nothing was checked, the result says why. */
export async function askForAdvisories(folder: string): Promise<Advisories> {
  const flags = ['--omit=dev', '--json', '--fetch-retries=0', '--fetch-timeout=10000'];
  const settings = { cwd: folder, timeout: 30_000, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    // npm exits with 1 both for advisories and for failures, so only its output is used
    execFile('npm', ['audit', ...flags], settings, (_error, stdout) => {
      resolve(readAuditReport(stdout));
    });
  });
}

/** Reads the output of `npm audit --json`. Only a complete report on at least one package counts as checked. */
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
  return 'npm audit wrote no report that this check can read';
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
