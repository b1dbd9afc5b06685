/** Reads a file of probes: what each one asks for, and what must come back. */
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';

const permission = z.enum(['read', 'write', 'list', 'delete']);
const target = z.string().startsWith('oss://');

/** Where the subject token comes from. */
const tokenSchema = z.union([
  z.strictObject({ file: z.string().min(1), changed: z.literal(true).optional() }),
  z.strictObject({ env: z.string().min(1), changed: z.literal(true).optional() }),
  z.strictObject({ command: z.string().min(1), changed: z.literal(true).optional() }),
]);

const requestSchema = z.strictObject({
  grant: z.string().optional(),
  target: z.string().optional(),
  permissions: z.array(permission).optional(),
  durationSeconds: z.number().int().optional(),
});

const expectSchema = z.union([
  z.strictObject({ refused: z.string().min(1) }),
  z.strictObject({ grant: z.string().min(1), targets: z.record(target, z.array(z.string())) }),
]);

const verdict = z.enum(['allowed', 'refused']);
const useSchema = z.union([
  z.strictObject({ put: target, expect: verdict }),
  z.strictObject({ get: target, expect: verdict }),
  z.strictObject({ delete: target, expect: verdict }),
  z.strictObject({ list: target, expect: verdict }),
]);

const probeSchema = z.strictObject({
  name: z.string().min(1),
  broker: z.string().optional(),
  token: tokenSchema.optional(),
  request: requestSchema.default({}),
  expect: expectSchema,
  use: z.array(useSchema).default([]),
});

const fileSchema = z.strictObject({
  broker: z.string().optional(),
  probes: z.array(probeSchema).min(1),
});

export type ProbeFile = z.infer<typeof fileSchema>;
export type Probe = ProbeFile['probes'][number];
export type ProbeToken = NonNullable<Probe['token']>;

/** One use of the credential. */
export interface Use {
  readonly operation: 'put' | 'get' | 'delete' | 'list';
  /** `oss://bucket/key`; of a listing, `oss://bucket/prefix/`. */
  readonly target: string;
  readonly expect: 'allowed' | 'refused';
}

export type ReadProbes =
  | { readonly ok: true; readonly file: ProbeFile }
  | { readonly ok: false; readonly problems: readonly string[] };

/** A probe may write or delete no object of anybody else, whatever the broker grants. */
const PROBE_NAME = /\/oss-token-broker-probe[^/]*$/;

/** An alias can stand for a list of aliases, and so on. */
const MAX_ALIASES = 10;

/** Never throws: it returns every problem, each with its place. */
export function readProbes(text: string): ReadProbes {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    return { ok: false, problems: [`${line}:${col} ${error.message}`] };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    return { ok: false, problems: ['its aliases stand for too much; write the values out'] };
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    return {
      ok: false,
      problems: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    };
  }
  const problems = parsed.data.probes.flatMap(findProblems);
  return problems.length === 0 ? { ok: true, file: parsed.data } : { ok: false, problems };
}

function findProblems(probe: Probe): readonly string[] {
  const { name, expect, use } = probe;
  const places = use.map(toUse).flatMap(({ operation, target: place }) => {
    const writes = operation === 'put' || operation === 'delete';
    if (!writes || PROBE_NAME.test(place)) return [];
    return [
      `"${name}": ${operation} needs a key whose last part begins with oss-token-broker-probe`,
    ];
  });
  if (use.length > 0 && 'refused' in expect) {
    return [`"${name}": a refused probe has no credential to use`, ...places];
  }
  return places;
}

export function toUse(use: Probe['use'][number]): Use {
  const { expect } = use;
  if ('put' in use) return { operation: 'put', target: use.put, expect };
  if ('get' in use) return { operation: 'get', target: use.get, expect };
  if ('delete' in use) return { operation: 'delete', target: use.delete, expect };
  return { operation: 'list', target: use.list, expect };
}
