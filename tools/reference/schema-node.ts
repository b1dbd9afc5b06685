/** The JSON Schema of `broker.yaml` as nodes, with the words that the loader has for a wrong value. */
import { z } from 'zod';
import { configSchema } from '../../src/config-loader/config-schema.ts';

export interface SchemaNode {
  readonly type?: string | readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly required?: readonly string[] | undefined;
  readonly minItems?: number | undefined;
  readonly properties?: Readonly<Record<string, SchemaNode>> | undefined;
  /** What each value of a map is, if the names are free. */
  readonly additionalProperties?: boolean | SchemaNode | undefined;
  readonly items?: SchemaNode | undefined;
  readonly anyOf?: readonly SchemaNode[] | undefined;
  readonly oneOf?: readonly SchemaNode[] | undefined;
  /** What a value must be: the loader's message without "must be". */
  readonly words?: string | undefined;
}

const nodeSchema: z.ZodType<SchemaNode> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    description: z.string().optional(),
    default: z.unknown().optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    required: z.array(z.string()).optional(),
    minItems: z.number().optional(),
    properties: z.record(z.string(), nodeSchema).optional(),
    additionalProperties: z.union([z.boolean(), nodeSchema]).optional(),
    items: nodeSchema.optional(),
    anyOf: z.array(nodeSchema).optional(),
    oneOf: z.array(nodeSchema).optional(),
    words: z.string().optional(),
  }),
);

/** Wrong values. The first ones pass the check of the type where text is expected, and fail a narrower one. */
const PROBES: readonly unknown[] = ['\0', '', -1, {}, []];
/** Of no type that a key has, so that the message of a choice is about all of it. */
const PROBES_OF_CHOICE: readonly unknown[] = [-1, {}];

/** The schema of the whole file. The words come from the loader, so that page and messages say the same. */
export function readConfigSchema(): SchemaNode {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const isChoice = jsonSchema.anyOf !== undefined;
      const words = wordsFor(zodSchema, isChoice ? PROBES_OF_CHOICE : PROBES);
      if (words !== undefined) jsonSchema['words'] = words;
    },
  });
  return nodeSchema.parse(JSON.parse(JSON.stringify(schema)));
}

function wordsFor(schema: z.core.$ZodType, probes: readonly unknown[]): string | undefined {
  const messages = probes.flatMap((probe) => {
    const { error } = z.core.safeParse(schema, probe);
    return (
      error?.issues.filter(({ path }) => path.length === 0).map(({ message }) => message) ?? []
    );
  });
  const words = messages.find((message) => message.startsWith('must be '));
  return words?.replace('must be ', '');
}
