/** The source credentials that the config asks for, told to the operator whenever they change. */
import type { SourceCredentialsSettings } from '../config/source-credentials-settings.ts';
import { findCredentialProblem } from './checks.ts';
import { type CustomSource, loadCustom } from './custom.ts';
import { createFunctionCredentials } from './function.ts';
import { toLoadError } from './load-error.ts';
import { loadCredentialFile } from './load-from-elsewhere.ts';
import { createProvider, type SourceTools } from './loader.ts';
import { createRenewingCredentials } from './renewing.ts';
import {
  ENVIRONMENT_EMPTY,
  type Environment,
  readEnvironment,
  type SourceCredentialsProvider,
} from './source-credentials.ts';
import { type Tell, tellChanges } from './tell-changes.ts';

/** Makes the provider for one `sourceCredentials` section. Asks nobody before the first request. */
export function createSourceCredentials(
  settings: SourceCredentialsSettings,
  tools: SourceTools & { readonly tell: Tell },
): SourceCredentialsProvider {
  const { environment, now, random, tell } = tools;
  if (settings.type !== 'function') return createProvider(settings, tools);
  const provider = createFunctionCredentials({ environment, now, random });
  return tellChanges(provider, { source: settings.type, isRenewed: true, tell });
}

/**
 * What is wrong with a source that can be looked at without asking anybody, so that the broker
 * need not start to say so. An empty environment is none: a platform may still provide.
 */
export async function findStartProblem(
  settings: SourceCredentialsSettings,
  environment: Environment,
): Promise<string | undefined> {
  const problem = await findLocalProblem(settings, environment);
  return problem === undefined ? undefined : `sourceCredentials (${settings.type}): ${problem}`;
}

async function findLocalProblem(
  settings: SourceCredentialsSettings,
  environment: Environment,
): Promise<string | undefined> {
  switch (settings.type) {
    case 'environment':
    case 'function': {
      const found = readEnvironment(environment);
      return typeof found === 'string' && found !== ENVIRONMENT_EMPTY ? found : undefined;
    }
    case 'file':
      return loadCredentialFile(settings.path).then(
        findCredentialProblem,
        (error: unknown) => toLoadError(error).problem,
      );
    case 'ram_role_arn':
      return findLocalProblem(settings.from ?? { type: 'environment' }, environment);
    default:
      return undefined;
  }
}

/** Source credentials from a function or an object with `getCredentials`, in the code that embeds the broker. */
export function createCustomCredentials(
  source: CustomSource,
  tools: Pick<SourceTools, 'now' | 'random' | 'sleep'>,
): SourceCredentialsProvider {
  const { now, random, sleep } = tools;
  const load = () => loadCustom(source);
  return createRenewingCredentials({ source: 'custom', load, now, random, sleep });
}
