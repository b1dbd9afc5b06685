/** Renders a credential as one body that the credential clients of every OSS SDK understand. */
import type { Config } from '../../config/config.ts';
import type { IssuedCredential } from '../../ports.ts';
import { toCredentialMembers } from '../http/credential-members.ts';

/**
 * Renders a credential. `StatusCode` is for the mobile SDKs, `Code` for the credentials URI of the
 * Java and Python SDKs and the CLI.
 */
export function toCredentialBody(
  issued: IssuedCredential,
  requestId: string,
  buckets: Config['buckets'],
): string {
  return JSON.stringify({
    StatusCode: 200,
    Code: 'Success',
    RequestId: requestId,
    ...toCredentialMembers(issued, buckets),
  });
}
