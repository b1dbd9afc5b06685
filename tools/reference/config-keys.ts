/** Every key of `broker.yaml` with its path, as the schema has it. */
import { isDeepStrictEqual } from 'node:util';
import type { SchemaNode } from './schema-node.ts';

export type Need = 'required' | 'optional' | 'one of these';

export interface ConfigKey {
  /** E.g. `issuers[].attributes.<name>.claim`. */
  readonly path: string;
  readonly node: SchemaNode;
  readonly need: Need;
}

/** A map whose other keys depend on its `type`. */
export interface TypedMap {
  readonly path: string;
  readonly variants: readonly { readonly type: string; readonly keys: readonly ConfigKey[] }[];
}

export interface KeysOfSection {
  readonly keys: readonly ConfigKey[];
  readonly typed?: TypedMap;
}

/** The keys of one key of the file, itself first. */
export function keysOf(name: string, node: SchemaNode, need: Need): KeysOfSection {
  const own = { path: name, node, need };
  const variants = typedVariantsOf(node);
  if (variants === undefined) return { keys: [own, ...keysBelow(name, node, undefined)] };
  const typed = variants.map(({ type, variant }) => ({
    type,
    keys: keysBelow(name, variant, node).filter(({ path }) => path !== `${name}.type`),
  }));
  return { keys: [own], typed: { path: `${name}.type`, variants: typed } };
}

/** @throws Error for a typed map that is not made of the variants of the map around it. */
function keysBelow(path: string, node: SchemaNode, around?: SchemaNode): readonly ConfigKey[] {
  const { properties = {}, required = [], additionalProperties, items } = node;
  const named = Object.entries(properties).flatMap(([name, child]): readonly ConfigKey[] => {
    const own: ConfigKey = {
      path: `${path}.${name}`,
      node: child,
      need: required.includes(name) ? 'required' : 'optional',
    };
    if (typedVariantsOf(child) === undefined) {
      return [own, ...keysBelow(own.path, child, around)];
    }
    expectKnownVariants(child, around);
    return [own];
  });
  return [
    ...named,
    ...(typeof additionalProperties === 'object'
      ? keysBelow(`${path}.<name>`, additionalProperties, around)
      : []),
    ...(items === undefined ? [] : keysBelow(`${path}[]`, items, around)),
    ...keysOfAlternatives(
      path,
      (node.anyOf ?? []).map((one) => keysBelow(path, one, around)),
    ),
  ];
}

/** What several alternatives have is listed once. */
function keysOfAlternatives(
  path: string,
  alternatives: readonly (readonly ConfigKey[])[],
): readonly ConfigKey[] {
  const maps = alternatives.filter((keys) => keys.length > 0);
  const depth = path.split('.').length + 1;
  return maps.flatMap((keys, index) =>
    keys.flatMap((key): readonly ConfigKey[] => {
      const isIn = (other: readonly ConfigKey[]) => other.some((one) => one.path === key.path);
      if (maps.slice(0, index).some(isIn)) return [];
      const isChoice = key.path.split('.').length === depth && !maps.every(isIn);
      return [isChoice ? { ...key, need: 'one of these' } : key];
    }),
  );
}

/** The alternatives of a map that a `type` tells apart. */
export function typedVariantsOf(
  node: SchemaNode,
): readonly { readonly type: string; readonly variant: SchemaNode }[] | undefined {
  const variants = (node.oneOf ?? []).flatMap((variant) => {
    const type = variant.properties?.['type']?.const;
    return typeof type === 'string' ? [{ type, variant }] : [];
  });
  return variants.length === 0 ? undefined : variants;
}

function expectKnownVariants(node: SchemaNode, around?: SchemaNode): void {
  const known = around?.oneOf ?? [];
  for (const { type, variant } of typedVariantsOf(node) ?? []) {
    if (!known.some((one) => isDeepStrictEqual(one, variant))) {
      throw new Error(`the type ${type} is another one outside`);
    }
  }
}
