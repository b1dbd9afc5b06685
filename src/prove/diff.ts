/** What a change of the config adds to what can ever be issued, and what it takes away. */
import type { Config, TrustedIssuer } from '../config/config.ts';
import { claimsIn } from './claim-space.ts';
import { type Surplus, settingsOf, sharedSpace, surplusOf } from './diff-grant.ts';
import { createLanguages, type Languages } from './grammar-language.ts';
import { createProver, type Example } from './prover.ts';

type ProvableConfig = Pick<Config, 'issuers' | 'grants'>;

export interface ChangedSetting {
  readonly issuer: string;
  /** Absent: of the issuer. */
  readonly grant?: string;
  readonly setting: string;
  readonly from: string;
  readonly to: string;
  /** A caller whom the grant fits before and after. Absent: it is a setting of the issuer. */
  readonly example?: Example;
}

export interface ConfigDiff {
  readonly added: readonly Surplus[];
  readonly removed: readonly Surplus[];
  /** Of grants that some caller fits before and after, and of issuers that are in both configs. */
  readonly changed: readonly ChangedSetting[];
}

/**
 * Compares all that two configs can issue. Grants are the same if issuer and name are, since callers
 * name them. If nothing is added, removed or changed, the broker decides every request alike.
 */
export function diffConfigs(
  from: ProvableConfig,
  to: ProvableConfig,
  languages: Languages = createLanguages(),
): ConfigDiff {
  const before = reachesByName(createProver(from, languages).reaches);
  const after = reachesByName(createProver(to, languages).reaches);
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const changed = names.flatMap((name): readonly ChangedSetting[] => {
    const [old, next] = [before.get(name), after.get(name)];
    if (old === undefined || next === undefined) return [];
    if (old.nothing !== undefined || next.nothing !== undefined) return [];
    const changes = changesOf(settingsOf(old.grant), settingsOf(next.grant));
    const space = changes.length === 0 ? undefined : sharedSpace(old, next);
    const claims = space === undefined ? undefined : claimsIn(space);
    // whom only one version fits is added or removed
    if (claims === undefined) return [];
    return changes.map((change) => ({
      issuer: next.issuer.name,
      grant: next.grant.name,
      ...change,
      example: { claims },
    }));
  });
  return {
    added: names.flatMap((name) => surplusOf(after.get(name), before.get(name))),
    removed: names.flatMap((name) => surplusOf(before.get(name), after.get(name))),
    changed: [...issuerChanges(from, to), ...changed],
  };
}

export function isEmptyDiff({ added, removed, changed }: ConfigDiff): boolean {
  return added.length + removed.length + changed.length === 0;
}

function reachesByName<
  Reach extends { readonly grant: { readonly name: string; readonly issuer: string } },
>(reaches: readonly Reach[]): ReadonlyMap<string, Reach> {
  return new Map(
    reaches.map((reach) => [JSON.stringify([reach.grant.issuer, reach.grant.name]), reach]),
  );
}

function issuerChanges(from: ProvableConfig, to: ProvableConfig): readonly ChangedSetting[] {
  const before = new Map(from.issuers.map((issuer) => [issuer.name, issuer]));
  return to.issuers.flatMap((next) => {
    const old = before.get(next.name);
    if (old === undefined) return [];
    return changesOf(issuerSettings(old), issuerSettings(next)).map((change) => ({
      issuer: next.name,
      ...change,
    }));
  });
}

/** What decides which tokens are accepted. The subjects and tokens that it denies are claims that fit no grant. */
function issuerSettings(issuer: TrustedIssuer): ReadonlyMap<string, string> {
  const list = (values: readonly string[] | undefined) =>
    [...new Set(values)].sort().join(' ') || 'none';
  return new Map([
    ['issuer', issuer.issuer],
    ['audiences', list(issuer.audiences)],
    ['keys', JSON.stringify(issuer.keys)],
    ['algorithms', list(issuer.algorithms)],
    ['types', list(issuer.types)],
    ['maxTokenAge', `${issuer.maxTokenAgeSeconds}s`],
    ['clockTolerance', `${issuer.clockToleranceSeconds}s`],
    ['tokensValidAfter', String(issuer.tokensValidAfter ?? 'any time')],
    ['oneTimeTokens', String(issuer.oneTimeTokens === true)],
    ['privateNetwork', String(issuer.privateNetwork === true)],
    ['deny.keyIds', list(issuer.deny?.keyIds)],
  ]);
}

function changesOf(
  from: ReadonlyMap<string, string>,
  to: ReadonlyMap<string, string>,
): readonly Pick<ChangedSetting, 'setting' | 'from' | 'to'>[] {
  return [...to].flatMap(([setting, next]) => {
    const old = from.get(setting) ?? '';
    return old === next ? [] : [{ setting, from: old, to: next }];
  });
}
