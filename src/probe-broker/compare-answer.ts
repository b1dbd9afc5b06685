/** Compares the answer of a broker with what a probe expects of it. */
import { isJsonObject, type JsonObject } from '../lib/strict-json.ts';
import type { Probe } from './probe-file.ts';

export type BrokerAnswer =
  | { readonly kind: 'credential'; readonly answer: JsonObject }
  | { readonly kind: 'refusal'; readonly code: string; readonly requestId: string | undefined };

/** Returns how the answer differs: exactly these targets with exactly these permissions, or this code. */
export function compareAnswer(expected: Probe['expect'], got: BrokerAnswer): readonly string[] {
  if ('refused' in expected) {
    if (got.kind === 'refusal') {
      return got.code === expected.refused
        ? []
        : [`expected the refusal ${expected.refused}, got ${got.code}`];
    }
    return [
      `expected the refusal ${expected.refused}, got a credential by grant ${describeGrant(got.answer)}`,
    ];
  }
  if (got.kind === 'refusal')
    return [`expected a credential by ${expected.grant}, got ${got.code}`];
  const name = describeGrant(got.answer);
  const wanted = Object.entries(expected.targets).map(
    ([target, permissions]) => [target, inOrder(permissions)] as const,
  );
  const given = readTargets(got.answer);
  return [
    ...(name === expected.grant ? [] : [`expected grant ${expected.grant}, got ${name}`]),
    ...wanted.flatMap(([target, permissions]) => {
      const found = given.get(target);
      if (found === undefined) return [`expected ${target}, which is not granted`];
      return found === permissions ? [] : [`expected ${target} with ${permissions}, got ${found}`];
    }),
    ...[...given]
      .filter(([target]) => !wanted.some(([other]) => other === target))
      .map(([target, permissions]) => `got ${target} with ${permissions}, which is not expected`),
  ];
}

function describeGrant(answer: JsonObject): string {
  const grant = answer['Grant'];
  return isJsonObject(grant) ? toText(grant['Name']) : 'without a name';
}

/** Permissions and actions by target, in one order. */
function readTargets(answer: JsonObject): ReadonlyMap<string, string> {
  const grant = answer['Grant'];
  const targets = isJsonObject(grant) ? grant['Targets'] : undefined;
  const list: readonly unknown[] = Array.isArray(targets) ? targets : [];
  return new Map(
    list.filter(isJsonObject).map(({ Target, Permissions, Actions }) => {
      const all = [...toList(Permissions), ...toList(Actions)].map(toText);
      return [toText(Target), inOrder(all)] as const;
    }),
  );
}

/** JSON of what is no text: an object of a strict parser cannot become one. */
function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function inOrder(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : [...names].sort().join(', ');
}
