/** Writes every key of `broker.yaml` as a page: path, values, default, meaning. */
import {
  type ConfigKey,
  keysOf,
  type Need,
  type TypedMap,
  typedVariantsOf,
} from './config-keys.ts';
import { code, toText } from './markdown.ts';
import type { SchemaNode } from './schema-node.ts';

/** The heading of docs/config.md that explains a key of the file. */
const EXPLAINED: Readonly<Record<string, string>> = {
  issuers: '[issuers](config.md#issuers) and [attributes](config.md#attributes)',
  grants:
    '[grants](config.md#grants), [permissions](config.md#permissions), [conditions](config.md#conditions) and [report mode](config.md#tighten-a-grant)',
  surfaces: '[the surfaces](api.md) and [credential URLs](config.md#credential-urls)',
  sourceCredentials: '[source credentials](config.md#source-credentials)',
  limits: '[limits](config.md#limits)',
  store: '[the store](config.md#store) and [one-time tokens](config.md#one-time-tokens)',
  assert: '[assertions](prove.md#assertions)',
  metrics: '[monitoring](monitoring.md)',
  telemetry: '[monitoring](monitoring.md)',
};

const HEAD = `# Every key of the config

[The config](config.md) explains how \`broker.yaml\` is put together. This page lists all that it can say. It is made
from the schema that the broker checks the file with: \`npm run schema\` writes it, and a test fails if it is old.

\`issuers[]\` is each entry of a list, \`<name>\` a name that you choose. A value is one of those listed, or as
described. "Required" means within the map around it: \`store.redisUrlFrom\` only if there is a \`store\`.`;

const TABLE = '| key | value | default | meaning |\n|---|---|---|---|';

/** The whole page. @throws Error for a key without a description. */
export function toConfigReference(schema: SchemaNode): string {
  const { properties = {}, required = [] } = schema;
  const sections = Object.entries(properties).map(([name, node]) => {
    const need = required.includes(name) ? 'required' : 'optional';
    return { name, node, need, ...keysOf(name, node, need) } as const;
  });
  const isAlone = ({ keys, typed }: (typeof sections)[number]) =>
    keys.length === 1 && typed === undefined;
  const overview = sections.map(({ name, node, need, ...rest }) =>
    toRow({ path: name, node, need }, isAlone({ name, node, need, ...rest }) ? undefined : name),
  );
  const longer = sections.filter((section) => !isAlone(section));
  return `${[
    HEAD,
    '## Top level',
    [TABLE, ...overview].join('\n'),
    ...longer.flatMap(({ name, keys, typed }) => toSection(name, keys, typed)),
  ].join('\n\n')}\n`;
}

function toSection(
  name: string,
  keys: readonly ConfigKey[],
  typed: TypedMap | undefined,
): readonly string[] {
  const explained = EXPLAINED[name];
  return [
    `## ${name}`,
    ...(explained === undefined ? [] : [`Explained in ${explained}.`]),
    ...(keys.length > 1 ? [toTable(keys.slice(1))] : []),
    ...(typed === undefined ? [] : toTypedSections(typed)),
  ];
}

function toTypedSections({ path, variants }: TypedMap): readonly string[] {
  const bare = variants.filter(({ keys }) => keys.length === 0).map(({ type }) => code(type));
  return [
    `${code(path)} is required, and decides which other keys there are. ${bare.join(', ')} have none.`,
    ...variants
      .filter(({ keys }) => keys.length > 0)
      .flatMap(({ type, keys }) => [`### ${type}`, toTable(keys)]),
  ];
}

function toTable(keys: readonly ConfigKey[]): string {
  return [TABLE, ...keys.map((key) => toRow(key))].join('\n');
}

function toRow({ path, node, need }: ConfigKey, anchor?: string): string {
  if (node.description === undefined) throw new Error(`${path} has no description`);
  const sentences = node.description.split(/(?<=\.) (?=[A-Za-z])/);
  const isDefault = (sentence: string) => sentence.startsWith('Default: ');
  const said = sentences.find(isDefault)?.slice('Default: '.length).replace(/\.$/, '');
  const key = anchor === undefined ? code(path) : `[${code(path)}](#${anchor.toLowerCase()})`;
  const meaning = sentences.filter((sentence) => !isDefault(sentence)).join(' ');
  const cells = [
    key,
    toValue(node),
    said === undefined ? defaultOf(node, need) : toDefault(said, node),
  ];
  return `| ${[...cells, toText(meaning)].join(' | ')} |`;
}

/** A default that the description says, as code if it is a value. */
function toDefault(said: string, node: SchemaNode): string {
  return node.enum?.includes(said) || /^\d\w*$/.test(said) ? code(said) : toText(said);
}

function defaultOf(node: SchemaNode, need: Need): string {
  if (need !== 'optional') return need;
  const given = node.default;
  if (Array.isArray(given)) return given.length === 0 ? 'none' : code(`[${given.join(', ')}]`);
  if (typeof given === 'object') return node.properties === undefined ? 'none' : 'its defaults';
  if (given !== undefined) return code(String(given));
  return node.type === 'boolean' ? code('false') : 'none';
}

function toValue(node: SchemaNode): string {
  const types = typedVariantsOf(node);
  if (types !== undefined) {
    return `a map with a ${code('type')}: ${types.map(({ type }) => code(type)).join(', ')}`;
  }
  if (node.const !== undefined) return code(String(node.const));
  if (node.enum !== undefined) return node.enum.map((value) => code(String(value))).join(', ');
  if (node.type === 'boolean') return `${code('true')}, ${code('false')}`;
  if (node.type === 'array') return listOf(node);
  if (node.words !== undefined) return toText(node.words);
  if (node.type === 'object') return 'a map';
  if (Array.isArray(node.type)) return node.type.join(', ');
  return node.type === 'integer' ? 'a whole number' : 'text';
}

function listOf({ items, minItems, words }: SchemaNode): string {
  const bound = minItems === undefined ? '' : `, at least ${minItems}`;
  if (items === undefined || items.type === 'object') {
    return words === undefined ? `a list of maps${bound}` : toText(words);
  }
  return `a list${bound}; each ${toValue(items)}`;
}
