/** Builds the assertions of a config, and reports those that could not fail. */
import type { Assertion } from '../config/assertion.ts';
import type { Config } from '../config/config.ts';
import { parseTarget } from '../grants/target.ts';
import { RefusalError } from '../refusal.ts';
import type { AssertInput } from './assertion-schema.ts';
import type { Report } from './config-problems.ts';
import { didYouMean } from './suggest.ts';

/**
 * Builds the assertions. Reports an assertion about what the config does not have: nobody would ever
 * get that, so it would hold whatever the grants say.
 */
export function buildAssertions(
  inputs: AssertInput,
  config: Pick<Config, 'buckets' | 'issuers' | 'grants'>,
  report: Report,
): readonly Assertion[] {
  return inputs.map((input, index) => {
    const [kind, about] =
      'never' in input ? (['never', input.never] as const) : (['always', input.always] as const);
    const reportHere: Report = (path, message) => report(['assert', index, kind, ...path], message);
    const { issuer, grant, permission, action, target: written } = about;
    reportUnknown(about, config, reportHere);
    if (permission !== undefined && action !== undefined) {
      reportHere(['action'], 'cannot be used together with permission; write two assertions');
    }
    const target = written === undefined ? undefined : readTarget(written, config, reportHere);
    return {
      kind,
      ...(issuer === undefined ? {} : { issuer }),
      ...(grant === undefined ? {} : { grant }),
      ...(permission === undefined ? {} : { permission }),
      ...(action === undefined ? {} : { action }),
      ...(target === undefined ? {} : { target }),
    };
  });
}

function reportUnknown(
  { issuer, grant }: { readonly issuer?: string | undefined; readonly grant?: string | undefined },
  { issuers, grants }: Pick<Config, 'issuers' | 'grants'>,
  report: Report,
): void {
  const issuerNames = issuers.map(({ name }) => name);
  if (issuer !== undefined && !issuerNames.includes(issuer)) {
    report(
      ['issuer'],
      `the issuer "${issuer}" is not defined under issuers${didYouMean(issuer, issuerNames)}`,
    );
  }
  if (grant === undefined) return;
  const named = grants.find(({ name }) => name === grant);
  if (named === undefined) {
    const names = grants.map(({ name }) => name);
    report(
      ['grant'],
      `the grant "${grant}" is not defined under grants${didYouMean(grant, names)}`,
    );
  } else if (issuer !== undefined && named.issuer !== issuer) {
    report(
      ['issuer'],
      `the grant ${grant} is for the issuer ${named.issuer}; remove one of the two`,
    );
  }
}

function readTarget(
  written: string,
  { buckets }: Pick<Config, 'buckets'>,
  report: Report,
): Assertion['target'] {
  try {
    const target = parseTarget(written);
    const names = buckets.map(({ name }) => name);
    if (!names.includes(target.bucket)) {
      report(
        ['target'],
        `the bucket "${target.bucket}" is not defined under buckets${didYouMean(target.bucket, names)}`,
      );
    }
    return target;
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    const { refusal } = error;
    const problem = 'problem' in refusal ? refusal.problem : refusal.reason;
    report(['target'], `is no target: it ${problem}`);
    return undefined;
  }
}
