/** Parses targets as the config writes them: `oss://bucket/literal/{attribute}/`. */

import type { AttributeRule, TargetTemplate } from '../config/config.ts';
import { keyProblem } from '../grants/target.ts';
import { didYouMean } from './suggest.ts';

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** What a target may refer to. */
interface Known {
  readonly buckets: readonly string[];
  /** Undefined if the grant's issuer is not known. */
  readonly attributes: readonly AttributeRule[] | undefined;
}

/** Parses one target, and returns every problem with it. */
export function parseTargetTemplate(
  text: string,
  known: Known,
): { readonly template: TargetTemplate } | { readonly problems: readonly string[] } {
  const [, bucket, key] = /^oss:\/\/([^/]*)\/(.*)$/s.exec(text) ?? [];
  if (bucket === undefined || key === undefined) {
    return { problems: ['must be oss://bucket/prefix/, oss://bucket/key or oss://bucket/'] };
  }
  const problems: string[] = [];
  if (bucket.includes('{')) {
    problems.push('the bucket must not contain an attribute; use attributes in the key only');
  } else if (!known.buckets.includes(bucket)) {
    problems.push(
      `the bucket "${bucket}" is not defined under buckets${didYouMean(bucket, known.buckets)}`,
    );
  }
  const names = [...key.matchAll(PLACEHOLDER)].map(([, name]) => name ?? '');
  problems.push(...attributeProblems(names, known.attributes), ...segmentProblems(key, known));
  if (problems.length > 0) return { problems };
  return { template: { text, bucket, key: splitKey(key) } };
}

function attributeProblems(
  names: readonly string[],
  attributes: readonly AttributeRule[] | undefined,
): readonly string[] {
  if (attributes === undefined) return [];
  const defined = attributes.map(({ name }) => name);
  const unknown = [...new Set(names)].filter((name) => !defined.includes(name));
  const paths = names.filter((name) => kindOf(name, attributes) === 'path');
  return [
    ...unknown.map(
      (name) =>
        `the attribute "${name}" is not defined under attributes of the issuer${didYouMean(name, defined)}`,
    ),
    ...(paths.length > 1
      ? [
          'has two attributes of the grammar path, so that two callers could share one key; use only one',
        ]
      : []),
  ];
}

function segmentProblems(key: string, { attributes }: Known): readonly string[] {
  // each attribute is replaced by a letter, so that the rest can be checked as a key
  const literal = keyProblem(key.replaceAll(PLACEHOLDER, 'a'));
  const problems = literal === undefined ? [] : [`the key ${literal}`];
  const segments = (key.endsWith('/') ? key.slice(0, -1) : key).split('/');
  const last = segments.length - 1;
  for (const [index, segment] of segments.entries()) {
    const names = [...segment.matchAll(PLACEHOLDER)].map(([, name]) => name ?? '');
    if (names.length > 1) {
      problems.push(
        `"${segment}" has two attributes in one segment, so that two callers could share one key; put a "/" between them`,
      );
    }
    const isPath = names.some((name) => kindOf(name, attributes ?? []) === 'path');
    if (isPath && segment !== `{${names[0]}}`) {
      problems.push(
        `"${segment}" has text next to an attribute of the grammar path; give the attribute its own segment`,
      );
    } else if (isPath && index < last) {
      problems.push(
        `"${segment}" is an attribute of the grammar path, and other segments follow it, so that a longer value could reach another caller's prefix; put it last, or give it another grammar`,
      );
    }
  }
  return problems;
}

function kindOf(name: string, attributes: readonly AttributeRule[]) {
  return attributes.find((attribute) => attribute.name === name)?.grammar.kind;
}

function splitKey(key: string): TargetTemplate['key'] {
  const parts: (string | { readonly attribute: string })[] = [];
  let end = 0;
  for (const match of key.matchAll(PLACEHOLDER)) {
    if (match.index > end) parts.push(key.slice(end, match.index));
    parts.push({ attribute: match[1] ?? '' });
    end = match.index + match[0].length;
  }
  if (end < key.length) parts.push(key.slice(end));
  return parts;
}
