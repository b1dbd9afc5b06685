/** Checks an opened ticket against the live config, the clock and the caller. */
import { isIPv4 } from 'node:net';
import type { Config } from '../../config/config.ts';
import type { CredentialUrlSettings } from '../../config/credential-url-settings.ts';
import { ipv6Groups } from '../../lib/ipv6-groups.ts';
import type { Decision } from '../../ports.ts';
import { type RefusalError, refuse } from '../../refusal.ts';
import { findDecidingClaims } from './needed-claims.ts';
import { digestScope } from './scope.ts';
import type { TicketContent } from './ticket.ts';

/**
 * Returns when the ticket ends, in seconds since the epoch: the live config can end it earlier than it
 * says. Throws `ticket_invalid` and `ticket_expired`.
 */
export function checkTicket(
  ticket: TicketContent,
  live: {
    readonly config: Config;
    readonly settings: CredentialUrlSettings;
    readonly nowMs: number;
    readonly callerAddress: string | undefined;
  },
): number {
  const { config, settings, nowMs, callerAddress } = live;
  if (settings.deny?.ticketIds.includes(ticket.id)) throw invalid('the config denies the ticket');
  const endsAt = lastSecond(ticket, settings);
  if (nowMs / 1000 >= endsAt) throw refuse({ reason: 'ticket_expired', expiredAt: endsAt });
  if (ticket.address !== undefined && !isSameAddress(ticket.address, callerAddress)) {
    throw invalid('the ticket is bound to another address');
  }
  const issuer = config.issuers.find(({ issuer: iss }) => iss === ticket.token.claims['iss']);
  const deciding = issuer === undefined ? [] : findDecidingClaims(config, issuer.name);
  // a claim that the ticket lacks would look like one that the subject token lacks
  if (![...deciding].every((name) => ticket.claimNames.includes(name))) {
    throw invalid('the config reads claims that it did not read when the ticket was made');
  }
  return endsAt;
}

function lastSecond({ issuedAt, expiresAt, token }: TicketContent, live: CredentialUrlSettings) {
  const { exp } = token.claims;
  const ofToken =
    live.beyondToken === true || typeof exp !== 'number' ? expiresAt : Math.floor(exp);
  return Math.min(expiresAt, issuedAt + live.maxLifeSeconds, ofToken);
}

/** An IPv6 address can be written in several ways. */
function isSameAddress(bound: string, caller: string | undefined): boolean {
  if (caller === undefined || isIPv4(bound) !== isIPv4(caller)) return false;
  return isIPv4(bound) ? bound === caller : `${ipv6Groups(bound)}` === `${ipv6Groups(caller)}`;
}

/** The decision of the live config, refused if the grant no longer gives exactly what it gave. */
export function decideWithin({ scope }: TicketContent, decision: Decision): Decision {
  if (decision.outcome === 'refused') return decision;
  const { grant, narrowed } = decision;
  if (digestScope(grant, narrowed.allowances) === scope) return decision;
  const refusal = invalid('the grant has changed since the ticket was made');
  return { outcome: 'refused', refusal, grant, narrowed };
}

function invalid(problem: string): RefusalError {
  return refuse({ reason: 'ticket_invalid', problem });
}
