/** Turns the issues that the schema finds into problems for the operator. */
import type { z } from 'zod';
import { jsonSchema } from './config-schema.ts';
import { didYouMean } from './suggest.ts';

interface DescribedIssue {
  readonly path: readonly PropertyKey[];
  /** Set if the problem is this key of the map at the path, not a value. */
  readonly key?: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Describes one issue. An issue about unknown keys becomes one problem for each key. */
export function describeIssue(issue: Issue, config: unknown): readonly DescribedIssue[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeysAt(path);
    return issue.keys.map((key) => {
      const hint = didYouMean(key, known);
      const instead =
        hint === '' && known.length > 0 ? `; the known keys are ${known.join(', ')}` : hint;
      return { path, key, message: `has an unknown key "${key}"${instead}` };
    });
  }
  if (readAt(config, path) === undefined) {
    return [{ path, message: `is missing; it ${messageOf(issue)}` }];
  }
  return [{ path, message: messageOf(issue) }];
}

/** The schema has a message for nearly every issue. The rest are values of the wrong type. */
function messageOf(issue: Issue): string {
  if (issue.message.startsWith('must ')) return issue.message;
  return issue.code === 'invalid_type'
    ? `must be a value of type ${issue.expected}`
    : issue.message;
}

function readAt(config: unknown, path: readonly PropertyKey[]): unknown {
  let value = config;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function knownKeysAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = jsonSchema();
  for (const step of path) {
    schema =
      typeof step === 'number'
        ? readAt(schema, ['items'])
        : (readAt(schema, ['properties', step]) ?? readAt(schema, ['additionalProperties']));
  }
  const properties = readAt(schema, ['properties']);
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}
