/** What a caller asks for, once its subject token is verified: the request, and what the token bounds. */
import type { Asked, CredentialRequest, SubjectToken } from '../ports.ts';
import { parseTarget } from './target.ts';

/** Throws `target_malformed`. `nowMs` is in milliseconds since the epoch. */
export function toAsked(
  { expiresAt }: Pick<SubjectToken, 'expiresAt'>,
  request: CredentialRequest,
  at: { readonly callerAddress: string | undefined; readonly nowMs: number },
): Asked & Pick<CredentialRequest, 'grant' | 'roleArn'> {
  return {
    ...request,
    target: request.target === undefined ? undefined : parseTarget(request.target),
    // a second that has begun is no longer left
    tokenLeftSeconds: expiresAt - Math.ceil(at.nowMs / 1000),
    callerAddress: at.callerAddress,
  };
}
