/** Makes the ticket of an admitted request. */
import type { Config } from '../../config/config.ts';
import type { CredentialUrlSettings } from '../../config/credential-url-settings.ts';
import type { Admitted } from '../../issue-credentials.ts';
import type { CredentialRequest, SubjectToken, TokenKeeper } from '../../ports.ts';
import { refuse } from '../../refusal.ts';
import { findDecidingClaims, keepNeededClaims } from './needed-claims.ts';
import { type UrlOptions, writeMembers } from './request.ts';
import { digestScope } from './scope.ts';
import type { TicketContent } from './ticket.ts';

/**
 * Binds a ticket to the verified identity, to the grant that was matched and to what was asked of it.
 * Throws `caller_address_unknown`, and `token_expired` for a token that is valid by tolerance only.
 */
export function makeTicket(
  { token, grant, narrowed }: Pick<Admitted, 'token' | 'grant' | 'narrowed'>,
  wanted: {
    readonly id: string;
    readonly nowMs: number;
    readonly config: Config;
    readonly settings: CredentialUrlSettings;
    readonly keeper: Pick<TokenKeeper, 'keep'>;
    readonly request: CredentialRequest;
    readonly options: UrlOptions;
    readonly callerAddress: string | undefined;
  },
): TicketContent {
  const { id, config, settings, options, callerAddress } = wanted;
  if (options.bindsAddress && callerAddress === undefined) {
    throw refuse({ reason: 'caller_address_unknown', grant: grant.name });
  }
  const issuedAt = Math.floor(wanted.nowMs / 1000);
  const { lifeSeconds = settings.maxLifeSeconds } = options;
  const expiresAt = Math.min(issuedAt + lifeSeconds, lastSecond(token, settings));
  const issuerName = token.issuer.name;
  if (expiresAt <= issuedAt) {
    throw refuse({ reason: 'token_expired', issuerName, expiredAt: token.expiresAt });
  }
  const kept = wanted.keeper.keep(token);
  return {
    id,
    issuedAt,
    expiresAt,
    token: { ...kept, claims: keepNeededClaims(token.claims, config, issuerName) },
    claimNames: [...findDecidingClaims(config, issuerName)],
    asked: writeMembers({ ...wanted.request, grant: grant.name }),
    scope: digestScope(grant, narrowed.allowances),
    ...(options.uses === undefined ? {} : { uses: options.uses }),
    ...(options.bindsAddress && callerAddress !== undefined ? { address: callerAddress } : {}),
    isForMobile: options.isForMobile,
  };
}

/** The last second at which the URL can work, whatever life is asked for. */
function lastSecond(token: SubjectToken, { beyondToken }: CredentialUrlSettings): number {
  const tooOldAt = token.issuedAt + token.issuer.maxTokenAgeSeconds;
  return beyondToken === true ? tooOldAt : Math.min(tooOldAt, token.expiresAt);
}
