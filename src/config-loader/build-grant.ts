/** Builds a grant from what the operator wrote: its targets, its conditions and its durations. */
import type { Condition, Grant, Mode, TrustedIssuer } from '../config/config.ts';
import { buildKillSwitches } from './build-kill-switches.ts';
import { toClaimPath } from './claim-path.ts';
import type { Report } from './config-problems.ts';
import { toSeconds } from './durations.ts';
import type { GrantInput } from './grant-schema.ts';
import { parseTargetTemplate } from './target-template.ts';

/** Builds a grant. Returns undefined if a target is invalid. */
export function buildGrant(
  input: GrantInput,
  known: { readonly buckets: readonly string[]; readonly issuer: TrustedIssuer | undefined },
  report: Report,
): Grant | undefined {
  const allow = input.allow.flatMap((allowance, index) => {
    const reportHere: Report = (path, message) => report(['allow', index, ...path], message);
    const { buckets, issuer } = known;
    const parsed = parseTargetTemplate(allowance.target, {
      buckets,
      attributes: issuer?.attributes,
    });
    if ('problems' in parsed) {
      for (const problem of parsed.problems) reportHere(['target'], problem);
      return [];
    }
    if (allowance.permissions.length + allowance.actions.length === 0) {
      reportHere([], 'allows nothing; add permissions, e.g. permissions: [read, write]');
    }
    if (allowance.permissions.includes('list') && !/\/$/.test(allowance.target)) {
      reportHere(
        ['permissions'],
        'has list, but a single object cannot be listed; end the target with "/", or remove list',
      );
    }
    const { permissions, actions } = allowance;
    return [{ target: parsed.template, permissions, actions }];
  });
  const duration = {
    defaultSeconds: toSeconds(input.duration.default),
    maxSeconds: toSeconds(input.duration.max),
    strict: input.duration.strict,
  };
  if (duration.defaultSeconds > duration.maxSeconds) {
    report(
      ['duration'],
      `has a default (${input.duration.default}) above its max (${input.duration.max}); lower the default, or raise the max`,
    );
  }
  const [first, ...others] = allow;
  if (first === undefined || allow.length < input.allow.length) return undefined;
  const { name, issuer, role, publicAcl, restrict } = input;
  const { https, sourceIp } = restrict;
  return {
    name,
    issuer,
    when: input.when.map(buildCondition),
    role,
    ...(input.externalId === undefined ? {} : { externalId: input.externalId }),
    allow: [first, ...others],
    duration,
    restrict: { https, ...(sourceIp === undefined ? {} : { sourceIp }) },
    publicAcl,
    ...buildKillSwitches(input),
    ...keepReportMode(input),
    ...(input.disabled === true ? { disabled: true } : {}),
  };
}

function buildCondition(input: GrantInput['when'][number]): Condition {
  const common = { claim: toClaimPath(input.claim), ...keepReportMode(input) };
  if ('equals' in input) return { ...common, operator: 'equals', value: input.equals };
  if ('in' in input) return { ...common, operator: 'in', values: input.in };
  if ('contains' in input) return { ...common, operator: 'contains', value: input.contains };
  if ('startsWith' in input) return { ...common, operator: 'startsWith', value: input.startsWith };
  return { ...common, operator: 'exists', value: input.exists };
}

/** `mode: enforce` is the default. It is left out, so that both spellings give the same revision. */
function keepReportMode({ mode }: { mode?: Mode | undefined }): { readonly mode?: 'report' } {
  return mode === 'report' ? { mode } : {};
}
