/** The rules that the loader applies itself, whenever a broker loads a config. */
import type { WarningRule } from '../config-loader/config-problems.ts';
import type { RuleInfo, Severity } from './finding.ts';

const WARNINGS: Readonly<Record<WarningRule, readonly [Severity, string]>> = {
  'shared-issuer': [
    'error',
    'A grant for an issuer that anybody can use must be for one tenant of it',
  ],
  'recyclable-tenant': [
    'warning',
    'A tenant must be named by an id, since somebody else can register a name again',
  ],
  'open-grant': ['warning', 'A grant without conditions and attributes is for every subject'],
  'targets-overlap': ['warning', 'A value of an attribute can equal the text of another target'],
  'issuers-share-target': ['warning', 'Subjects of two issuers can reach the same objects'],
  'symlink-reach': ['warning', 'A symbolic link may lead into the targets of other grants'],
  'target-is-object': ['warning', 'A target without "/" at its end is one object'],
  'claim-name-with-dots': ['warning', 'A claim with dots in its name is not a nested one'],
  'id-is-number': ['warning', 'An ID in a token is mostly a string, which equals no number'],
  'host-bits-in-range': ['warning', 'A CIDR range has bits set beyond its prefix length'],
  'issuer-without-grants': ['warning', 'An issuer that no grant names is of no use'],
};

/** What stops a config from loading. */
export const INVALID: RuleInfo = {
  id: 'invalid-config',
  severity: 'error',
  summary: 'A config must load',
};

export const LOADER_RULES: readonly RuleInfo[] = [
  INVALID,
  ...Object.entries(WARNINGS).map(([id, [severity, summary]]) => ({ id, severity, summary })),
];

/** The severity of a warning of the loader. */
export function severityOf(rule: WarningRule): Severity {
  return WARNINGS[rule][0];
}
