/** Reads openapi.yaml and checks whether an answer is one that it declares. */
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

type Json = Readonly<Record<string, unknown>>;

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const document = toObject(
  parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')),
);
export const PATHS = toObject(document['paths']);
export const SCHEMAS = toObject(memberAt(document, ['components', 'schemas']));

/** The operations whose declarations apply to methods and paths that openapi.yaml does not list. */
const UNLISTED_METHOD = ['/v1/credentials', 'put'];
const UNLISTED_PATH = ['/health', 'get'];

/**
 * Makes the function that says what is wrong with an answer, or returns undefined. `path` is a path
 * of openapi.yaml, or undefined for any other path.
 */
export function createAnswerCheck() {
  const ajv = new Ajv2020({ strict: false, formats: { uri: true } });
  ajv.addSchema(document, 'openapi.yaml');
  const compiled = new Map<string, ValidateFunction>();

  function compile(schema: unknown): ValidateFunction {
    const name = JSON.stringify(schema);
    const known = compiled.get(name);
    if (known !== undefined) return known;
    const reference = toObject(schema)['$ref'];
    const made = ajv.compile(
      typeof reference === 'string' ? { $ref: `openapi.yaml${reference}` } : toObject(schema),
    );
    compiled.set(name, made);
    return made;
  }

  return function whatIsWrong(
    method: string,
    path: string | undefined,
    answer: Received,
  ): string | undefined {
    const { status, headers, text } = answer;
    const declared = resolve(memberAt(document, ['paths', ...operationFor(method, path, status)]));
    const response = resolve(memberAt(declared, ['responses', String(status)]));
    if (response === undefined) return `status ${status} is not declared`;
    for (const [name, reference] of Object.entries(toObject(response['headers']))) {
      const header = resolve(reference) ?? {};
      const value = headers[name.toLowerCase()];
      if (value === undefined && header['required'] !== true) continue;
      if (!compile(header['schema'])(value)) return `${name} is ${String(value)}`;
    }
    const content = toObject(response['content']);
    if (method === 'HEAD' || Object.keys(content).length === 0) {
      return text === '' ? undefined : 'a body is not declared';
    }
    const type = headers['content-type'] ?? '';
    if (!(type in content)) return `content type ${type} is not declared`;
    const validate = compile(memberAt(content, [type, 'schema']));
    const body = type.startsWith('text/') ? text : parseJson(text);
    return validate(body) ? undefined : `the body does not match its schema: ${text}`;
  };
}

/** The path and method that declare the answer. HEAD is declared as GET; what is unlisted, by one example. */
function operationFor(method: string, path: string | undefined, status: number): readonly string[] {
  const name = method.toLowerCase();
  const operations = toObject(path === undefined ? {} : PATHS[path]);
  const declares404 = '404' in toObject(memberAt(operations, [name, 'responses']));
  // the address of a surface that is off does not exist
  if (status === 404 && !declares404) return UNLISTED_PATH;
  if (path === undefined) return ['none'];
  if (name in operations) return [path, name];
  if (name === 'head') return [path, 'get'];
  if (status !== 405) return ['none'];
  return 'put' in operations ? [path, 'put'] : UNLISTED_METHOD;
}

/** Follows a `$ref` within the document. */
export function resolve(value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  const reference = toObject(value)['$ref'];
  if (typeof reference !== 'string') return toObject(value);
  return resolve(memberAt(document, reference.replace('#/', '').split('/')));
}

export function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((parent, name) => toObject(parent)[name], value);
}

export function toObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
