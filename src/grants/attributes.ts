/** Reads attributes: values from the claims that may enter a policy because they fit a grammar. */
import { createHash } from 'node:crypto';
import type { AttributeRule, Grammar } from '../config/config.ts';
import { base32 } from '../lib/base32.ts';
import type { Claims } from '../ports.ts';
import { formatClaimPath, readClaim } from './claims.ts';
import { keyProblem } from './target.ts';

/** The values of one attribute (several if the claim is an array), or why there are none. */
export type AttributeReading =
  | { readonly values: readonly [string, ...string[]] }
  | { readonly problem: string };

/** A claim with more values is treated as an attack on the fan-out. */
const MAX_VALUES = 1000;

/**
 * Reads one attribute from the claims. Values are not converted, trimmed, decoded or normalised.
 * A value that does not fit the grammar as it is gives the attribute a problem.
 * The problem names the attribute and the claim, never the value.
 */
export function readAttribute(rule: AttributeRule, claims: Claims): AttributeReading {
  const claim = readClaim(claims, rule.claim);
  const problem = (what: string) => ({
    problem: `attribute "${rule.name}": claim ${formatClaimPath(rule.claim)} ${what}`,
  });
  if (claim === undefined) return problem('is missing');
  const candidates: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (candidates.length > MAX_VALUES) return problem(`has more than ${MAX_VALUES} values`);
  const values = new Set<string>();
  for (const candidate of candidates) {
    if (typeof candidate !== 'string')
      return problem('is neither a string nor an array of strings');
    if (candidate === '') return problem('is empty');
    const value = rule.hash ? hashValue(candidate) : candidate;
    if (value === undefined || !fitsGrammar(value, rule.grammar)) {
      return problem(`does not fit the grammar ${describeGrammar(rule.grammar)}`);
    }
    values.add(value);
  }
  const [first, ...others] = values;
  return first === undefined ? problem('is empty') : { values: [first, ...others] };
}

const SEGMENT = /^[A-Za-z0-9._@-]+$/;
const SUBJECT = /^[A-Za-z0-9._@|:-]+$/;
const UUID = /^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;
const EMAIL = /^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/;

/** Whether the grammar allows the value. Values that are unsafe in a key are never allowed. */
export function fitsGrammar(value: string, grammar: Grammar): boolean {
  if (value.length === 0 || value.length > grammar.maxLength) return false;
  if (value.endsWith('/') || keyProblem(value) !== undefined) return false;
  switch (grammar.kind) {
    case 'name':
      return SEGMENT.test(value);
    case 'subject':
      return SUBJECT.test(value);
    case 'uuid':
      return UUID.test(value);
    case 'email':
      return EMAIL.test(value);
    case 'path':
      return value.split('/').every((segment) => SEGMENT.test(segment));
    case 'custom':
      return !value.includes('/') && isWithinCharacters(value, grammar.characters);
  }
}

/** `characters` lists literals and ranges, as in `A-Za-z0-9_`. A `-` at either end is literal. */
function isWithinCharacters(value: string, characters: string): boolean {
  for (const character of value) {
    let isListed = false;
    for (let at = 0; at < characters.length && !isListed; ) {
      const from = characters.charAt(at);
      const isRange = characters.charAt(at + 1) === '-' && at + 2 < characters.length;
      const to = isRange ? characters.charAt(at + 2) : from;
      isListed = character >= from && character <= to;
      at += isRange ? 3 : 1;
    }
    if (!isListed) return false;
  }
  return true;
}

function describeGrammar(grammar: Grammar): string {
  const what = grammar.kind === 'custom' ? `[${grammar.characters}]` : grammar.kind;
  return `${what} (at most ${grammar.maxLength} characters)`;
}

/**
 * The lower-case base32 (RFC 4648 section 6, no padding) of the SHA-256 of the value's UTF-8.
 * Undefined for a string with lone surrogates, because UTF-8 would give two such strings one hash.
 */
function hashValue(value: string): string | undefined {
  return value.isWellFormed() ? base32(createHash('sha256').update(value).digest()) : undefined;
}
