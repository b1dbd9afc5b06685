/** Tells the operator of source credentials that the broker begins to use. */
import { describeCredentials } from './checks.ts';
import {
  isSameKey,
  type SourceCredentials,
  type SourceCredentialsProvider,
} from './source-credentials.ts';

/** Tells the operator something that is no secret. */
export type Tell = (message: string) => void;

/** Wraps a provider: each time it gives other credentials than before, that is told once. */
export function tellChanges(
  provider: SourceCredentialsProvider,
  options: { readonly source: string; readonly isRenewed: boolean; readonly tell: Tell },
): SourceCredentialsProvider {
  const { source, isRenewed, tell } = options;
  let told: SourceCredentials | undefined;
  const telling = (credentials: SourceCredentials): SourceCredentials => {
    const isKnown = told !== undefined && isSameKey(told, credentials);
    told = credentials;
    if (!isKnown) tell(describeCredentials(source, credentials, isRenewed));
    return credentials;
  };
  return {
    get: async () => telling(await provider.get()),
    renew: async (rejected) => telling(await provider.renew(rejected)),
  };
}
