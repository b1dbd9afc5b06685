/** Explains a line of the audit log in words, against a config. */
import type { Config, Grant } from '../config/config.ts';
import { isJsonObject, type JsonObject } from '../lib/strict-json.ts';
import { describeFacts } from './describe-explanation.ts';
import { MEANINGS } from './meanings.ts';
import { showInstant, showText, showValue } from './show-value.ts';

export interface LineExplanation {
  readonly outcome: 'granted' | 'refused';
  readonly requestId: string;
  /** The revision that decided, as the line has it. */
  readonly configRevision: string;
  /** Whether the config at hand is the one that decided. */
  readonly isSameConfig: boolean;
  readonly reason?: string;
  /** Cause of the refusal, and what to do. */
  readonly meaning?: string;
  /** The explanation, in sentences. */
  readonly sentences: readonly string[];
}

/** Undefined for an object that is no audit line of version 1. `nowMs` is in milliseconds since the epoch. */
export function explainLine(
  line: JsonObject,
  config: Config,
  nowMs: number,
): LineExplanation | undefined {
  const { version, decision, configRevision, requestId, reason } = line;
  if (version !== 1 || (decision !== 'granted' && decision !== 'refused')) return undefined;
  if (typeof configRevision !== 'string' || typeof requestId !== 'string') return undefined;
  const isSameConfig = configRevision === config.revision;
  const meaning = findMeaning(reason);
  const grant = config.grants.find(({ name }) => name === line['grant']);
  return {
    outcome: decision,
    requestId: showText(requestId),
    configRevision: showText(configRevision),
    isSameConfig,
    ...(typeof reason === 'string' ? { reason: showText(reason) } : {}),
    ...(meaning === undefined ? {} : { meaning }),
    sentences: [
      describeWho(line),
      ...describeAsked(line),
      describeRevision({ configRevision, isSameConfig, current: config.revision }),
      ...(decision === 'granted'
        ? describeCredential(line, nowMs)
        : describeCause(line, meaning ?? 'This version of the program does not know the reason.')),
      ...describeGrantNow(line, grant),
      ...describeReported(line),
      ...('shortened' in line ? [`The line was cut: ${showValue(line['shortened'])}.`] : []),
    ],
  };
}

/** A text without quotes, or JSON of another value. */
function say(value: unknown): string {
  return typeof value === 'string' ? showText(value) : showValue(value);
}

function sayList(value: unknown): string {
  return Array.isArray(value) ? value.map(say).join(', ') : say(value);
}

function findMeaning(reason: unknown): string | undefined {
  return Object.entries(MEANINGS).find(([name]) => name === reason)?.[1];
}

function describeWho(line: JsonObject): string {
  const { time, surface, decision, issuerName, subject, callerAddress } = line;
  const who =
    subject === undefined
      ? 'somebody whose token was not verified'
      : `subject ${showValue(subject)} of issuer ${say(issuerName)}`;
  const from = callerAddress === undefined ? '' : `, from ${say(callerAddress)}`;
  return `At ${say(time)} the broker ${decision === 'granted' ? 'granted' : 'refused'} a request of ${who}${from}, by the surface ${say(surface)}.`;
}

function describeAsked({ requested }: JsonObject): readonly string[] {
  if (!isJsonObject(requested)) return [];
  const members = Object.entries(requested).map(([name, value]) => `${name} ${showValue(value)}`);
  return members.length === 0 ? [] : [`The caller asked for ${members.join(', ')}.`];
}

function describeRevision(revisions: {
  readonly configRevision: string;
  readonly isSameConfig: boolean;
  readonly current: string;
}): string {
  const decided = showText(revisions.configRevision.slice(0, 12));
  if (revisions.isSameConfig) return `This config decided: revision ${decided}.`;
  return `Another config decided: revision ${decided}, and this one is ${revisions.current.slice(0, 12)}. What follows about grants is from this one.`;
}

function describeCredential(line: JsonObject, nowMs: number): readonly string[] {
  const { grant, roleArn, targets, targetCount, expiration, accessKeyId, cacheHit } = line;
  const { ticketId, ticketExpiration } = line;
  const reached = Array.isArray(targets) ? targets.filter(isJsonObject) : [];
  const list = reached.map(
    ({ target, permissions }) => `  ${say(target)}  ${sayList(permissions)}`,
  );
  const more = typeof targetCount === 'number' ? [`  … ${targetCount} in all`] : [];
  const end = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  const state = Number.isNaN(end)
    ? ''
    : nowMs < end
      ? ' It is still valid: no config change ends it, see docs/incidents.md.'
      : ' It has expired.';
  return [
    `Grant ${say(grant)} with role ${say(roleArn)} gave:`,
    ...list,
    ...more,
    ...(accessKeyId === undefined
      ? []
      : [
          `The credential is ${say(accessKeyId)}, and expires at ${say(expiration)}.${state}${cacheHit === true ? ' An earlier answer of STS was used again.' : ''}`,
        ]),
    ...(ticketId === undefined
      ? []
      : [
          `Credential URL ${say(ticketId)}${ticketExpiration === undefined ? ' was used' : ` was made, and ends at ${say(ticketExpiration)}`}.`,
        ]),
  ];
}

function describeCause({ reason, why }: JsonObject, meaning: string): readonly string[] {
  const facts = isJsonObject(why) ? describeFacts(withInstants(why)) : [];
  return [`The reason is ${say(reason)}: ${meaning}.`, ...facts];
}

/** Members of `why` that are seconds since the epoch. */
const INSTANTS = ['expiredAt', 'issuedAt', 'validAfter'];

function withInstants(why: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(why).map(([name, value]) => [
      name,
      INSTANTS.includes(name) ? showInstant(value) : value,
    ]),
  );
}

function describeGrantNow(line: JsonObject, grant: Grant | undefined): readonly string[] {
  const { grant: name, roleArn } = line;
  if (name === undefined) return [];
  if (grant === undefined) return [`This config has no grant ${say(name)}.`];
  const changes = [
    ...(grant.issuer === line['issuerName'] ? [] : [`is for issuer "${grant.issuer}"`]),
    ...(roleArn === undefined || grant.role === roleArn ? [] : [`has role ${grant.role}`]),
    ...(grant.disabled === true ? ['is disabled'] : []),
    ...(grant.mode === 'report' ? ['is in report mode'] : []),
  ];
  return changes.length === 0 ? [] : [`In this config the grant ${changes.join(', and ')}.`];
}

function describeReported({ reported }: JsonObject): readonly string[] {
  if (!Array.isArray(reported)) return [];
  return reported
    .filter(isJsonObject)
    .map(
      ({ grant, decision, reason }) =>
        `Report mode: grant ${say(grant)} would have ${say(decision)}${reason === undefined ? '' : `, with the reason ${say(reason)}`}.`,
    );
}
