/** Warns of targets where two callers can reach the same place by accident. */
import type { AttributeRule, Grant, TargetTemplate, TrustedIssuer } from '../config/config.ts';
import { fitsGrammar } from '../grants/attributes.ts';
import type { Warn, WarningRule } from './config-problems.ts';

interface Place {
  /** The order in the file. */
  readonly order: number;
  readonly issuer: string;
  readonly grant: string;
  readonly path: readonly PropertyKey[];
  readonly target: TargetTemplate;
  readonly segments: readonly Segment[];
}

interface Segment {
  readonly before: string;
  /** Absent: `before` is the whole segment. */
  readonly attribute?: AttributeRule;
  readonly after: string;
}

/**
 * Warns where a value of an attribute can equal the text of another target, and where subjects of two
 * issuers share a target. Each target gets one warning at most. `index` is the place of a grant in the file.
 */
export function warnOfOverlaps(
  grants: readonly { readonly grant: Grant; readonly index: number }[],
  issuers: readonly TrustedIssuer[],
  warn: Warn,
): void {
  const places = distinctPlaces(grants, issuers);
  const byLiterals = indexByLiterals(places);
  for (const place of places) {
    const start = leadingLiterals(place);
    if (start.length === place.segments.length) continue;
    for (const other of byLiterals.get(toKey(place, start)) ?? []) {
      const overlap = describeOverlap(place, other);
      if (overlap === undefined) continue;
      warn(place.path, overlap.message, overlap.rule);
      break;
    }
  }
}

/** One place for each target that an issuer has: grants often repeat a target for other conditions. */
function distinctPlaces(
  grants: readonly { readonly grant: Grant; readonly index: number }[],
  issuers: readonly TrustedIssuer[],
): readonly Place[] {
  const places = new Map<string, Place>();
  const issuersByName = new Map(issuers.map((issuer) => [issuer.name, issuer]));
  for (const { grant, index } of grants) {
    const issuer = issuersByName.get(grant.issuer);
    for (const [at, { target }] of grant.allow.entries()) {
      const key = JSON.stringify([grant.issuer, target.text]);
      if (places.has(key)) continue;
      places.set(key, {
        order: places.size,
        issuer: grant.issuer,
        grant: grant.name,
        path: ['grants', index, 'allow', at, 'target'],
        target,
        segments: toSegments(target, issuer),
      });
    }
  }
  return [...places.values()];
}

/** Every place under each of its literal beginnings, so that not every pair must be compared. */
function indexByLiterals(places: readonly Place[]): ReadonlyMap<string, readonly Place[]> {
  const index = new Map<string, Place[]>();
  for (const place of places) {
    const literals = leadingLiterals(place);
    for (let length = 0; length <= literals.length; length++) {
      const key = toKey(place, literals.slice(0, length));
      const list = index.get(key);
      if (list === undefined) index.set(key, [place]);
      else list.push(place);
    }
  }
  return index;
}

function leadingLiterals({ segments }: Place): readonly string[] {
  const end = segments.findIndex(({ attribute }) => attribute !== undefined);
  return segments.slice(0, end === -1 ? segments.length : end).map(({ before }) => before);
}

const toKey = ({ target }: Place, literals: readonly string[]) =>
  [target.bucket, ...literals].join('/');

function describeOverlap(
  place: Place,
  other: Place,
): { readonly message: string; readonly rule: WarningRule } | undefined {
  if (place === other) return undefined;
  const [shorter, longer] = [place, other].sort((a, b) => a.segments.length - b.segments.length);
  const isPrefix = shorter?.target.text.endsWith('/') === true;
  if (!isPrefix && shorter?.segments.length !== longer?.segments.length) return undefined;
  let match: { readonly name: string; readonly value: string } | undefined;
  let isFilledByBoth = false;
  for (const [index, segment] of place.segments.entries()) {
    const facing = other.segments[index];
    if (facing === undefined) break;
    if (segment.attribute !== undefined && facing.attribute === undefined) {
      const value = valueThatEquals(segment, facing.before);
      if (value === undefined) return undefined;
      match ??= { name: segment.attribute.name, value };
    } else if (!canMeet(segment, facing)) return undefined;
    else isFilledByBoth ||= segment.attribute !== undefined;
  }
  if (match !== undefined) {
    return {
      message: `a caller whose {${match.name}} is "${match.value}" shares a place with "${other.target.text}" of the grant ${other.grant}; begin the two targets with different prefixes`,
      rule: 'targets-overlap',
    };
  }
  // two issuers share a target in both directions, so only the later grant is warned about
  if (!isFilledByBoth || place.issuer === other.issuer || place.order < other.order) {
    return undefined;
  }
  return {
    message: `subjects of the issuers ${place.issuer} and ${other.issuer} with equal values share this target (see the grant ${other.grant}); give each issuer a prefix of its own`,
    rule: 'issuers-share-target',
  };
}

/** The value of the attribute that makes the segment equal to the text, or undefined if there is none. */
function valueThatEquals({ before, attribute, after }: Segment, text: string): string | undefined {
  if (attribute === undefined || !text.startsWith(before) || !text.endsWith(after))
    return undefined;
  const value = text.slice(before.length, text.length - after.length);
  if (!fitsGrammar(value, attribute.grammar)) return undefined;
  return attribute.hash && value.length < attribute.grammar.maxLength ? undefined : value;
}

function canMeet(segment: Segment, facing: Segment): boolean {
  if (segment.attribute === undefined) {
    return facing.attribute === undefined
      ? segment.before === facing.before
      : valueThatEquals(facing, segment.before) !== undefined;
  }
  return segment.before === facing.before && segment.after === facing.after;
}

function toSegments(
  { text, bucket }: TargetTemplate,
  issuer: TrustedIssuer | undefined,
): readonly Segment[] {
  const key = text.slice(`oss://${bucket}/`.length);
  if (key === '') return [];
  return key
    .replace(/\/$/, '')
    .split('/')
    .map((segment) => {
      const [, before = '', name, after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(segment) ?? [];
      const attribute = issuer?.attributes.find((rule) => rule.name === name);
      return attribute === undefined
        ? { before: segment, after: '' }
        : { before, attribute, after };
    });
}
