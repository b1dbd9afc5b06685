/** Which licences a dependency may have. */
import type { LockedPackage } from './lockfile.ts';
import { isUnlockedPlatformPackage } from './lockfile-rules.ts';

/** Ask for no more than to be named, so that the bundle can be given to anybody. */
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

/** Tools are run and not handed on, so that of a changed file of theirs may have to be shown. */
const ALLOWED_FOR_DEVELOPMENT: readonly string[] = [
  ...ALLOWED_FOR_PRODUCTION,
  'CC-BY-4.0',
  'MPL-2.0',
  'Python-2.0',
];

/** What a package says where SPDX has another word: https://spdx.org/licenses/ */
const SPDX_FOR: Readonly<Record<string, string>> = {
  'Apache License 2.0': 'Apache-2.0',
  'MIT, Apache2': 'MIT OR Apache-2.0',
};

/** The licence as an SPDX expression, if there is one for what the package says. */
export function spdxLicence({ license }: Pick<LockedPackage, 'license'>): string | undefined {
  if (license === undefined) return undefined;
  return SPDX_FOR[license] ?? license;
}

/** A sentence for each package whose licence may not be used for what the package is there for. */
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
 * Takes SPDX identifiers, `AND`, `OR` and parentheses; `AND` binds tighter. Whatever else is in it,
 * like `WITH` or `SEE LICENSE IN`, is not allowed: https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
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
