/** Writes an explanation as text for a person. */
import type {
  Check,
  Explanation,
  Given,
  GrantSeen,
  Operations,
  RefusalExplained,
} from './explanation.ts';
import { MAX_SENTENCE, showText, showValue } from './show-value.ts';

/** Colours a text. The styles are those of `node:util`. */
export type Paint = (
  style: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan',
  text: string,
) => string;

const NOT_LOOKED_AT =
  "Not looked at: rate limits, whether the token was used before, STS, and the role's own policy, which must allow an operation too.";

export function describeExplanation(explanation: Explanation, paint: Paint): string {
  const { configRevision, at, checks, grants, grantCount, reported, refusal, given, assumed } =
    explanation;
  const isDecided = grants.length > 0;
  const lines = [
    `config ${configRevision.slice(0, 12)}, at ${at}`,
    ...(assumed ?? []).map((text) => `assumed: ${text}`),
    '',
    paint('bold', 'Token and request'),
    ...checks.map((check) => describeCheck(check, paint)),
    ...(isDecided ? ['', paint('bold', 'Grants of the issuer')] : []),
    ...grants.flatMap((grant) => describeGrant(grant, paint)),
    ...(grantCount === undefined ? [] : [`  … and ${grantCount - grants.length} more`]),
    ...(reported === undefined ? [] : ['', paint('bold', 'Report mode would have decided')]),
    ...(reported ?? []).map(
      ({ grant, decision, reason, why }) =>
        `  ${grant}: ${decision}${reason === undefined ? '' : ` ${reason}`}${why === undefined ? '' : ` ${showValue(why)}`}`,
    ),
    '',
    ...(given === undefined ? [] : describeGiven(given, paint)),
    ...(refusal === undefined ? [] : describeRefusal(refusal, paint)),
  ];
  return `${lines.join('\n')}\n`;
}

function describeCheck({ step, result, saw }: Check, paint: Paint): string {
  const style = { holds: 'green', refuses: 'red', 'not checked': 'yellow' } as const;
  return `  ${paint(style[result], result.padEnd(11))}  ${step.padEnd(13)}  ${saw}`.trimEnd();
}

function describeGrant({ grant, fate, why, conditions, attributes }: GrantSeen, paint: Paint) {
  const style = fate === 'chosen' ? 'green' : fate === 'fits too' ? 'yellow' : 'dim';
  const head = `  ${grant}: ${paint(style, fate)}${why === undefined ? '' : ` (${why})`}`;
  if (fate === 'is not the one asked for') return [head];
  return [
    head,
    ...conditions.map(({ claim, wants, saw, holds, isReport }) => {
      const mark = holds ? paint('green', 'yes') : paint('red', 'no ');
      return `    ${mark}  ${claim} ${wants}${isReport ? ' (report mode)' : ''}; saw ${saw}`;
    }),
    ...attributes.map(({ name, claim, saw, values, valueCount, problem }) => {
      const more = valueCount > values.length ? ` and ${valueCount - values.length} more` : '';
      const result = problem === undefined ? `= ${values.join(', ')}${more}` : `: ${problem}`;
      const mark = problem === undefined ? paint('green', 'yes') : paint('red', 'no ');
      return `    ${mark}  {${name}} ${result}; saw ${claim} ${saw}`;
    }),
  ];
}

function describeGiven(given: Given, paint: Paint): readonly string[] {
  const { grant, roleArn, externalId, roleSessionName, targets, durationSeconds } = given;
  const { sourceIps, policy, policyBytes, policyLimit, sessionPolicySha256, operations } = given;
  return [
    `${paint('green', 'granted')} by ${grant}, for ${durationSeconds} s`,
    ...targets.map(
      ({ target, permissions }) => `  ${showText(target, MAX_SENTENCE)}  ${permissions.join(', ')}`,
    ),
    `  role ${roleArn}${externalId === undefined ? '' : ', with its external ID'}`,
    `  role session name ${roleSessionName}`,
    ...(sourceIps === undefined ? [] : [`  from ${sourceIps.join(', ')} only`]),
    '',
    paint('bold', `Session policy, ${policyBytes} of ${policyLimit} bytes`),
    JSON.stringify(policy, undefined, 2),
    `sha256 ${sessionPolicySha256}`,
    '',
    paint('bold', 'Operations of OSS that it allows'),
    ...describeOperations(operations, paint),
    '',
    NOT_LOOKED_AT,
  ];
}

const LETTERS = 'ABCDEFGHIJ';

function describeOperations(
  { keys, verdicts, sourceAddress }: Operations,
  paint: Paint,
): readonly string[] {
  const width = Math.max(...verdicts.map(({ operation }) => operation.length));
  const columns = keys.map((_, index) => (LETTERS[index] ?? '?').padEnd(3)).join('  ');
  return [
    ...keys.map(({ key, is }, index) => `  ${LETTERS[index] ?? '?'}  ${is.padEnd(9)}  ${key}`),
    ...(sourceAddress === undefined ? [] : [`  from ${sourceAddress}`]),
    '',
    `  ${''.padEnd(width)}  ${columns}`.trimEnd(),
    ...verdicts.map(({ operation, allowed }) => {
      const cells = allowed.map((is) => (is ? paint('green', 'yes') : paint('red', 'no ')));
      return `  ${operation.padEnd(width)}  ${cells.join('  ')}`.trimEnd();
    }),
  ];
}

function describeRefusal({ reason, meaning, why }: RefusalExplained, paint: Paint) {
  return [
    `${paint('red', 'refused')}: ${reason}`,
    `  ${meaning}`,
    ...describeFacts(why),
    ...describeWayOut(reason),
  ];
}

function describeWayOut(reason: string): readonly string[] {
  if (reason !== 'token_expired' && reason !== 'token_too_old') return [];
  return ['  --at explains what was decided while the token was valid'];
}

/** The facts of a refusal, each in a line; misfits in a line each. */
export function describeFacts(why: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(why).flatMap(([name, value]) => {
    if (!Array.isArray(value)) return [`  ${name}: ${showValue(value)}`];
    return value.map((item: unknown) => `  ${name}: ${describeItem(item)}`);
  });
}

function describeItem(item: unknown): string {
  if (typeof item !== 'object' || item === null) return showValue(item);
  return Object.values(item)
    .map((value: unknown) =>
      typeof value === 'string' ? showText(value, MAX_SENTENCE) : showValue(value),
    )
    .join(': ');
}
