/** Reports source credentials that come into use, and failures to get any. */
import { isSameKey } from '../lib/is-same-key.ts';
import type { Observe } from '../observe/event.ts';
import type { SourceCredentials, SourceCredentialsProvider } from '../ports.ts';
import { isAboutSourceCredentials } from '../refusal.ts';

/** Wraps a provider. It reports each change of credentials once, and each failure to provide them. */
export function observeChanges(
  provider: SourceCredentialsProvider,
  options: { readonly source: string; readonly isRenewed: boolean; readonly observe: Observe },
): SourceCredentialsProvider {
  const { source, isRenewed, observe } = options;
  let known: SourceCredentials | undefined;

  async function observing(pending: Promise<SourceCredentials>): Promise<SourceCredentials> {
    try {
      const given = await pending;
      if (known === undefined || !isSameKey(known, given)) observe(toEvent(given));
      known = given;
      return given;
    } catch (error) {
      if (isAboutSourceCredentials(error)) {
        observe({ kind: 'source_credentials_failed', source, problem: error.refusal.problem });
      }
      throw error;
    }
  }

  function toEvent({ securityToken, expiresAtMs }: SourceCredentials) {
    const isTemporary = securityToken !== undefined;
    const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
    return { kind: 'source_credentials_used', source, isTemporary, ...expiry, isRenewed } as const;
  }

  return {
    get: () => observing(provider.get()),
    renew: (refused) => observing(provider.renew(refused)),
  };
}
