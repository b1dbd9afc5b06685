/** Checks the licences of dependencies against the allowed ones. */
import type { LockedPackage } from './lockfile.ts';
import { isUnlockedPlatformPackage } from './lockfile-rules.ts';

/** Licences that require attribution at most, so that the bundle can be distributed to anyone. */
const ALLOWED_FOR_PRODUCTION: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
];

/** Tools are run but not distributed, so a licence may also require that changed files are published. */
const ALLOWED_FOR_DEVELOPMENT: readonly string[] = [
  ...ALLOWED_FOR_PRODUCTION,
  'CC-BY-4.0',
  'MPL-2.0',
  'Python-2.0',
];

/** The SPDX expression for licence names that are not SPDX: https://spdx.org/licenses/ */
const SPDX_FOR: Readonly<Record<string, string>> = {
  'Apache License 2.0': 'Apache-2.0',
  'MIT, Apache2': 'MIT OR Apache-2.0',
};

/** The licence of the package as an SPDX expression; undefined if the package names none. */
export function spdxLicence({ license }: Pick<LockedPackage, 'license'>): string | undefined {
  if (license === undefined) return undefined;
  return SPDX_FOR[license] ?? license;
}

/** One sentence per package whose licence is not allowed for production or development. */
export function findLicenceProblems(packages: readonly LockedPackage[]): readonly string[] {
  return packages
    .filter((one) => !isUnlockedPlatformPackage(one))
    .flatMap((one) => {
      const allowed = one.isForProduction ? ALLOWED_FOR_PRODUCTION : ALLOWED_FOR_DEVELOPMENT;
      const licence = spdxLicence(one);
      if (licence !== undefined && isAllowed(licence, allowed)) return [];
      const purpose = one.isForProduction ? 'production' : 'development';
      return [`${one.id}: the licence ${licence ?? '(none)'} is not allowed for ${purpose}`];
    });
}

/**
 * Accepts SPDX identifiers, `AND`, `OR` and parentheses; `AND` binds tighter. Anything else, such as
 * `WITH` or `SEE LICENSE IN`, is not allowed: https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
 */
function isAllowed(expression: string, allowed: readonly string[]): boolean {
  const inner = /\(([^()]*)\)/.exec(expression);
  if (inner !== null) {
    const [whole, within = ''] = inner;
    const verdict = isAllowed(within, allowed) ? allowed[0] : 'not-allowed';
    return isAllowed(expression.replace(whole, ` ${verdict} `), allowed);
  }
  return expression
    .split(/\sOR\s/)
    .some((choice) => choice.split(/\sAND\s/).every((one) => allowed.includes(one.trim())));
}
