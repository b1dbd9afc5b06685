/** What one grant can ever give: which claims fit it, and the families of targets that they lead to. */
import type { AttributeRule, Grant, TargetTemplate, TrustedIssuer } from '../config/config.ts';
import type { GrantedTarget } from '../ports.ts';
import { meeting, readable } from './claim-set.ts';
import { type ClaimSpace, claimsIn, narrowClaim } from './claim-space.ts';
import type { Languages } from './grammar-language.ts';
import { registeredClaims } from './registered-claims.ts';
import { valuesBetween } from './values-between.ts';
import { WELL_FORMED } from './well-formed.ts';

/** A part of a key between two `/`. */
export interface Segment {
  readonly before: string;
  /** Absent: `before` is the whole segment. */
  readonly attribute?: AttributeRule;
  readonly after: string;
}

/** The targets that one entry of `allow` stands for. */
export interface Family {
  readonly template: TargetTemplate;
  readonly permissions: GrantedTarget['permissions'];
  readonly actions: GrantedTarget['actions'];
  /** The last one has several segments if its attribute is a path. */
  readonly segments: readonly Segment[];
  /** True: everything below the segments. False: one object. */
  readonly isPrefix: boolean;
}

export interface GrantReach {
  readonly grant: Grant;
  readonly issuer: TrustedIssuer;
  /** The claims that fit. */
  readonly space: ClaimSpace;
  /** Why no claims fit. Absent: some do. */
  readonly nothing?: string;
  readonly families: readonly Family[];
}

/**
 * Computes what a grant can ever give. Limits of length are left out (1,023 bytes for a key, 1,000
 * targets, 2,047 bytes for a session policy), so it can say too much and never too little; the
 * decision about an example then shows it.
 */
export function reachOfGrant(
  grant: Grant,
  issuer: TrustedIssuer,
  languages: Languages,
): GrantReach {
  const families = grant.allow.map(({ target, permissions, actions }) => ({
    template: target,
    permissions,
    actions,
    segments: toSegments(target, issuer),
    isPrefix: target.text.endsWith('/'),
  }));
  let space = registeredClaims(grant, issuer, languages);
  for (const condition of grant.when) {
    if (condition.mode === 'report') continue;
    space = narrowClaim(space, condition.claim, (set) => meeting(set, condition));
  }
  for (const { attribute, before, after } of families.flatMap(({ segments }) => segments)) {
    if (attribute === undefined) continue;
    const values = attribute.hash
      ? WELL_FORMED
      : languages.once(JSON.stringify([attribute.grammar, before, after]), () =>
          valuesBetween(languages.ofGrammar(attribute.grammar), before, after),
        );
    space = narrowClaim(space, attribute.claim, (set) => readable(set, values, languages.both));
  }
  const nothing = whyNothing(grant, space);
  return { grant, issuer, space, families, ...(nothing === undefined ? {} : { nothing }) };
}

function whyNothing(grant: Grant, space: ClaimSpace): string | undefined {
  if (grant.disabled === true) return 'it is disabled';
  if (grant.mode === 'report') return 'it is in report mode';
  if (claimsIn(space) !== undefined) return undefined;
  for (const rule of space.values()) {
    const path = rule.path.join('.');
    if (claimsIn(new Map([['', rule]])) === undefined) return `nothing can be in the claim ${path}`;
  }
  return 'its conditions and attributes contradict each other';
}

const ATTRIBUTE = /^([^{]*)\{([^}]*)\}(.*)$/su;

function toSegments({ text, bucket }: TargetTemplate, issuer: TrustedIssuer): readonly Segment[] {
  const key = text.slice(`oss://${bucket}/`.length);
  if (key === '') return [];
  return (key.endsWith('/') ? key.slice(0, -1) : key).split('/').map((segment) => {
    const [, before = segment, name, after = ''] = ATTRIBUTE.exec(segment) ?? [];
    if (name === undefined) return { before, after };
    const attribute = issuer.attributes.find((rule) => rule.name === name);
    if (attribute === undefined) throw new Error(`attribute "${name}" is not defined`);
    return { before, attribute, after };
  });
}

/** Whether the segment stands for several: its attribute has `/` in its values. */
export function isTail({ attribute }: Segment): boolean {
  return attribute?.grammar.kind === 'path';
}
