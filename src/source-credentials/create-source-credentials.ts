/** Creates the provider of the source credentials that the config names, and checks it at start. */
import type { SourceCredentialsSettings } from '../config/source-credentials-settings.ts';
import type { SourceCredentialsProvider } from '../ports.ts';
import { findCredentialProblem } from './credential-problem.ts';
import { ENVIRONMENT_EMPTY, type Environment, readEnvironment } from './environment.ts';
import { loadCredentialFile } from './file.ts';
import { createFunctionCredentials } from './function.ts';
import { toLoadError } from './load-error.ts';
import { createProvider, type SourceTools } from './loader.ts';
import { observeChanges } from './observe-changes.ts';

/** The default for `sourceCredentials`: the function's role on Function Compute, else the environment. */
export function defaultSource(isOnFunctionCompute: boolean): {
  readonly type: 'function' | 'environment';
} {
  return { type: isOnFunctionCompute ? 'function' : 'environment' };
}

/** Makes the provider for one `sourceCredentials` section. It contacts nothing before the first request. */
export function createSourceCredentials(
  settings: SourceCredentialsSettings,
  tools: SourceTools,
): SourceCredentialsProvider {
  const { environment, now, random, observe } = tools;
  if (settings.type !== 'function') return createProvider(settings, tools);
  const provider = createFunctionCredentials({ environment, now, random });
  return observeChanges(provider, { source: settings.type, isRenewed: true, observe });
}

/**
 * Says what is wrong with a source that can be checked locally, so that the start reports it. An
 * empty environment is no problem: the platform may still provide credentials.
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
