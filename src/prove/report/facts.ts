/** The answers as plain data: what `--format json` prints, and what the other formats are made from. */
import type { Grammar } from '../../config/config.ts';
import { formatTarget } from '../../grants/target.ts';
import type { Claims } from '../../ports.ts';
import type { ConfigDiff } from '../diff.ts';
import { exampleOf, type Surplus } from '../diff-grant.ts';
import type { Family, GrantReach } from '../grant-reach.ts';
import { valuesOf } from '../key-language.ts';
import { allTexts } from '../language-texts.ts';
import type { Overlap } from '../overlap.ts';
import type { Example, Way } from '../prover.ts';

export interface ExampleFacts {
  readonly claims: Claims;
  /** Absent: all of the grant. */
  readonly target?: string;
}

export interface PlaceFacts {
  readonly issuer: string;
  readonly grant: string;
  /** As in the config. */
  readonly target: string;
  readonly permissions: readonly string[];
  readonly actions: readonly string[];
  /** What each attribute of the target can be. */
  readonly values: Readonly<Record<string, string>>;
}

export interface GrantFacts {
  readonly issuer: string;
  readonly grant: string;
  readonly role: string;
  /** Why nobody gets anything from it. Absent: somebody does. */
  readonly nothing?: string;
  readonly conditions: readonly string[];
  readonly restrictions: readonly string[];
  readonly maxSeconds: number;
  readonly targets: readonly (PlaceFacts & { readonly example?: ExampleFacts })[];
}

export function grantFacts(reach: GrantReach): GrantFacts {
  const { grant, issuer, families, nothing } = reach;
  return {
    issuer: issuer.name,
    grant: grant.name,
    role: grant.role,
    ...(nothing === undefined ? {} : { nothing }),
    conditions: grant.when
      .filter(({ mode }) => mode !== 'report')
      .map(({ claim, operator, mode: _mode, ...value }) =>
        [claim.join('.'), operator, ...Object.values(value).map((one) => JSON.stringify(one))].join(
          ' ',
        ),
      ),
    restrictions: restrictionsOf(reach),
    maxSeconds: grant.duration.maxSeconds,
    targets:
      nothing === undefined
        ? families.map((family) => ({
            ...placeFacts(reach, family),
            ...withExample(exampleOf(reach, family)),
          }))
        : [],
  };
}

function restrictionsOf({ grant }: GrantReach): readonly string[] {
  const { sourceIp, https } = grant.restrict;
  return [
    ...(https ? ['over https'] : []),
    ...(sourceIp === undefined
      ? []
      : [`from ${sourceIp === 'caller' ? "the caller's address" : sourceIp.join(' ')}`]),
    ...(grant.publicAcl === 'deny' ? ['without public ACLs'] : []),
  ];
}

function placeFacts(reach: GrantReach, family: Family): PlaceFacts {
  const { template, permissions, actions, segments } = family;
  return {
    issuer: reach.issuer.name,
    grant: reach.grant.name,
    target: template.text,
    permissions,
    actions,
    values: Object.fromEntries(
      segments.flatMap(({ attribute }) => {
        if (attribute === undefined) return [];
        const few = allTexts(valuesOf(reach.space, attribute), MAX_LISTED);
        const what =
          few === undefined
            ? describeGrammar(attribute)
            : few.map((one) => JSON.stringify(one)).join(', ');
        return [[attribute.name, `claim ${attribute.claim.join('.')}: ${what}`]];
      }),
    ),
  };
}

/** More values are not read by anybody. */
const MAX_LISTED = 8;

function describeGrammar({
  hash,
  grammar,
}: {
  readonly hash: boolean;
  readonly grammar: Grammar;
}): string {
  if (hash) return 'a hash';
  const what = grammar.kind === 'custom' ? `characters of ${grammar.characters}` : grammar.kind;
  return `${what}, at most ${grammar.maxLength} characters`;
}

function withExample(example: Example | undefined): { readonly example?: ExampleFacts } {
  if (example === undefined) return {};
  const { claims, target } = example;
  return { example: { claims, ...(target === undefined ? {} : { target: formatTarget(target) }) } };
}

export interface WayFacts extends PlaceFacts {
  readonly covers: 'all' | 'some';
  readonly restrictions: readonly string[];
  readonly example?: ExampleFacts;
  readonly why?: string;
}

export function wayFacts({ reach, family, covers, example, why }: Way): WayFacts {
  return {
    ...placeFacts(reach, family),
    covers,
    restrictions: restrictionsOf(reach),
    ...withExample(example),
    ...(why === undefined ? {} : { why }),
  };
}

export interface OverlapFacts {
  readonly places: readonly {
    readonly targets: readonly [string, string];
    readonly place: string;
    /** Absent: the two may overlap, and that they do is not shown. */
    readonly examples?: readonly ExampleFacts[];
  }[];
  readonly sameCaller?: Claims;
}

export function overlapFacts({ places, sameCaller }: Overlap): OverlapFacts {
  return {
    places: places.map(({ families: [one, other], place, examples }) => ({
      targets: [one.template.text, other.template.text],
      place: formatTarget(place),
      ...(examples === undefined
        ? {}
        : { examples: examples.flatMap((example) => withExample(example).example ?? []) }),
    })),
    ...(sameCaller === undefined ? {} : { sameCaller }),
  };
}

export interface SurplusFacts {
  readonly issuer: string;
  readonly grant: string;
  readonly target: string;
  readonly rights: readonly string[];
  /** The claim whose values make these other callers. Absent: callers whom the grant fits in both configs, or a grant of one config. */
  readonly claim?: string;
  readonly example?: ExampleFacts;
}

export interface DiffFacts {
  readonly added: readonly SurplusFacts[];
  readonly removed: readonly SurplusFacts[];
  readonly changed: readonly {
    readonly issuer: string;
    readonly grant?: string;
    readonly setting: string;
    readonly from: string;
    readonly to: string;
    readonly example?: ExampleFacts;
  }[];
}

export function diffFacts({ added, removed, changed }: ConfigDiff): DiffFacts {
  return {
    added: added.map(surplusFacts),
    removed: removed.map(surplusFacts),
    changed: changed.map(({ example, ...change }) => ({ ...change, ...withExample(example) })),
  };
}

function surplusFacts({ reach, family, rights, claim, example }: Surplus): SurplusFacts {
  return {
    issuer: reach.issuer.name,
    grant: reach.grant.name,
    target: family.template.text,
    rights,
    ...(claim === undefined ? {} : { claim: claim.join('.') }),
    ...withExample(example),
  };
}
