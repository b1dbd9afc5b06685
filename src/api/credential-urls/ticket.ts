/** What a ticket says, and how it is written before it is encrypted. */
import { isJsonObject, type JsonObject, parseJsonObject } from '../../lib/strict-json.ts';
import type { KeptToken } from '../../ports.ts';

/** Everything that decides what the URL gives, but for the live config. It never holds the subject token. */
export interface TicketContent {
  /** Names the URL in the audit log and in the config. */
  readonly id: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly token: KeptToken;
  /** The names of the claims that decided when the ticket was made, including those that the subject token lacked. */
  readonly claimNames: readonly string[];
  /** What was asked, by the names of the native API. Always has `Grant`. */
  readonly asked: JsonObject;
  /** The digest of what the grant allowed. */
  readonly scope: string;
  readonly uses?: number;
  /** The only address that may use it. */
  readonly address?: string;
  readonly isForMobile: boolean;
}

/** Rises when a member changes its meaning. Tickets of another version do not open. */
const VERSION = 1;

/** Two lines of JSON: claims may be nested as deeply as in a subject token. */
export function writeTicket({ token, ...content }: TicketContent): string {
  const { claims, ...kept } = token;
  return `${JSON.stringify({ version: VERSION, ...content, token: kept })}\n${JSON.stringify(claims)}`;
}

/** Undefined for a text that this version of the broker did not write. */
export function readTicket(text: string): TicketContent | undefined {
  const [content, claims, surplus] = text.split('\n').map((line) => parse(line));
  if (content === undefined || claims === undefined || surplus !== undefined) return undefined;
  const { version, id, issuedAt, expiresAt, claimNames, asked, scope, isForMobile } = content;
  const { uses, address } = content;
  const isWhole =
    version === VERSION &&
    typeof id === 'string' &&
    typeof issuedAt === 'number' &&
    typeof expiresAt === 'number' &&
    isTextList(claimNames) &&
    isJsonObject(asked) &&
    typeof scope === 'string' &&
    typeof isForMobile === 'boolean' &&
    (uses === undefined || typeof uses === 'number') &&
    (address === undefined || typeof address === 'string');
  const token = readKept(content['token'], claims);
  if (!isWhole || token === undefined) return undefined;
  return {
    id,
    issuedAt,
    expiresAt,
    token,
    claimNames,
    asked,
    scope,
    ...(uses === undefined ? {} : { uses }),
    ...(address === undefined ? {} : { address }),
    isForMobile,
  };
}

function readKept(value: unknown, claims: JsonObject): KeptToken | undefined {
  if (!isJsonObject(value) || !isJsonObject(value['header'])) return undefined;
  const { keyThumbprint, header } = value;
  const { alg, kid, typ } = value['header'];
  const isWhole =
    typeof keyThumbprint === 'string' &&
    typeof alg === 'string' &&
    (kid === undefined || typeof kid === 'string') &&
    (typ === undefined || typeof typ === 'string');
  if (!isWhole || header === undefined) return undefined;
  return {
    header: {
      alg,
      ...(kid === undefined ? {} : { kid }),
      ...(typ === undefined ? {} : { typ }),
    },
    keyThumbprint,
    claims,
  };
}

function parse(line: string): JsonObject | undefined {
  const parsed = parseJsonObject(Buffer.from(line));
  return parsed.ok ? parsed.value : undefined;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
