/** Answers what a config can ever issue, and shows each positive answer with a decision of the broker. */
import type { Config } from '../config/config.ts';
import { createDecide } from '../decide.ts';
import { formatTarget, isPrefix, keyProblem } from '../grants/target.ts';
import type { Claims, Decide, Decision, Target } from '../ports.ts';
import { createSessionPolicyMemo } from '../session-policy/session-policy-memo.ts';
import { chooseClaims, type WantedValue } from './choose-claims.ts';
import { createLanguages, type Languages } from './grammar-language.ts';
import { type Family, type GrantReach, reachOfGrant } from './grant-reach.ts';
import { ANY_TEXT } from './language.ts';
import { type Meeting, meetings } from './match-target.ts';
import { hasRight, type Right } from './rights.ts';

/** A request that gets what the answer says. */
export interface Example {
  readonly claims: Claims;
  /** What the caller asks for. Absent: all of the grant. */
  readonly target?: Target;
}

/** One way to get a right on a target, or on a part of it. */
export interface Way {
  readonly reach: GrantReach;
  readonly family: Family;
  /** `all`: on everything in the target that was asked for. `some`: on a part of it. */
  readonly covers: 'all' | 'some';
  /** Absent: none was found, and that there is none is not shown either. `why` then says more. */
  readonly example?: Example;
  readonly why?: string;
}

export interface Prover {
  readonly reaches: readonly GrantReach[];
  /** Every grant that gives any of the actions on the target or on a part of it. None: nobody ever can. */
  readonly waysTo: (right: Right, target: Target, among?: readonly GrantReach[]) => readonly Way[];
  /** Decides for these claims as the broker does, for the grant that is named. */
  readonly decideFor: (reach: GrantReach, example: Example) => Decision;
}

/** Long enough for every grant. */
const TOKEN_LEFT_SECONDS = 43_200;
/** https://www.rfc-editor.org/rfc/rfc5737 */
const EXAMPLE_ADDRESS = '203.0.113.7';

/** Provers of several configs may share their languages. */
export function createProver(
  config: Pick<Config, 'issuers' | 'grants'>,
  languages: Languages = createLanguages(),
): Prover {
  const issuers = new Map(config.issuers.map((issuer) => [issuer.name, issuer]));
  const reaches = config.grants.flatMap((grant) => {
    const issuer = issuers.get(grant.issuer);
    return issuer === undefined ? [] : [reachOfGrant(grant, issuer, languages)];
  });
  const decide = createDecide(
    config.grants.filter(({ mode, disabled }) => mode !== 'report' && disabled !== true),
    createSessionPolicyMemo(1000),
  );
  const decideFor = (reach: GrantReach, example: Example) => decideExample(decide, reach, example);

  return {
    reaches,
    decideFor,
    waysTo(right, target, among = reaches) {
      return among
        .filter(({ nothing }) => nothing === undefined)
        .flatMap((reach) =>
          reach.families
            .filter((family) => hasRight(family, right))
            .flatMap((family) =>
              meetings(family, target).flatMap((meeting): readonly Way[] => {
                const way = toWay({ reach, family, meeting, target, right, decideFor });
                return way === undefined ? [] : [way];
              }),
            ),
        );
    },
  };
}

function decideExample(decide: Decide, { grant, issuer }: GrantReach, example: Example): Decision {
  const { claims, target } = example;
  const subject = typeof claims['sub'] === 'string' ? claims['sub'] : '';
  return decide(
    { issuer, claims, subject, issuedAt: 0, expiresAt: TOKEN_LEFT_SECONDS },
    {
      grant: grant.name,
      tokenLeftSeconds: TOKEN_LEFT_SECONDS,
      callerAddress: EXAMPLE_ADDRESS,
      ...(target === undefined ? {} : { target }),
    },
  );
}

function toWay(question: {
  readonly reach: GrantReach;
  readonly family: Family;
  readonly meeting: Meeting;
  readonly target: Target;
  readonly right: Right;
  readonly decideFor: Prover['decideFor'];
}): Way | undefined {
  const { reach, family, meeting, target, right, decideFor } = question;
  const wanted = meeting.values.flatMap(([{ attribute }, values]): readonly WantedValue[] =>
    attribute === undefined ? [] : [{ attribute, values }],
  );
  const free = family.segments.flatMap(({ attribute }): readonly WantedValue[] =>
    attribute === undefined ? [] : [{ attribute, values: ANY_TEXT }],
  );
  const choice = chooseClaims(reach.space, [...wanted, ...free]);
  if (choice === 'none') return undefined;
  const covers = meeting.coversAll ? 'all' : 'some';
  if (choice === 'unknown') {
    return { reach, family, covers, why: 'it takes a claim with a certain SHA-256' };
  }
  const { claims, values } = choice;
  const member = memberOf(family, values);
  // the shortest values make the shortest key
  if (keyProblem(member.key) !== undefined) return undefined;
  const place = meeting.coversAll ? target : member;
  if (right.name === 'list' && !isPrefix(place)) return undefined;
  const examples: readonly Example[] = [
    { claims, target: place },
    { claims, target: member },
    { claims },
  ];
  const example = examples.find((one) => {
    const decision = decideFor(reach, one);
    return (
      decision.outcome === 'granted' &&
      decision.narrowed.allowances.some((allowed) => hasRight(allowed, right))
    );
  });
  if (example !== undefined) return { reach, family, covers, example };
  return {
    reach,
    family,
    covers,
    why: `the shortest values for ${formatTarget(member)} are refused, and others were not tried`,
  };
}

/** The target of the family with these values. */
export function memberOf(family: Family, values: ReadonlyMap<string, string>): Target {
  const segments = family.segments.map(({ before, attribute, after }) =>
    attribute === undefined ? before : before + (values.get(attribute.name) ?? '') + after,
  );
  const end = family.isPrefix && segments.length > 0 ? '/' : '';
  return { bucket: family.template.bucket, key: segments.join('/') + end };
}
