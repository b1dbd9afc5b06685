/** From the settings of a source to the function that asks it once. */
import { join } from 'node:path';
import type { SourceCredentialsSettings } from '../config/source-credentials-settings.ts';
import { loadFromModule } from './custom.ts';
import { createDefaultChain } from './default-chain.ts';
import { LoadError } from './load-error.ts';
import {
  loadCredentialFile,
  loadCredentialsUri,
  loadFromProcess,
  loadInstanceRole,
  readFileVersion,
} from './load-from-elsewhere.ts';
import {
  loadOidcRoleSession,
  loadRamRoleSession,
  type RoleSessionContext,
} from './load-role-session.ts';
import { findCliProfile, type ProfileSource } from './profiles.ts';
import { createRenewingCredentials, type LoadCredentials, type Sleep } from './renewing.ts';
import {
  createEnvironmentCredentials,
  readEnvironment,
  type SourceCredentials,
  type SourceCredentialsProvider,
} from './source-credentials.ts';
import { type Tell, tellChanges } from './tell-changes.ts';
import { createExchange, type Exchange } from './transport.ts';

export interface SourceTools extends RoleSessionContext {
  /** Absolute path of the home directory, for the files of the CLI and the SDKs. */
  readonly homeDirectory: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly fetch: typeof fetch;
  /** Told of credentials that come into use, those below a role included. */
  readonly tell?: Tell;
}

interface CredentialLoader {
  readonly load: LoadCredentials;
  readonly readVersion?: () => Promise<string>;
}

/** Makes the loader of one source. It keeps nothing but what the sources below it need. */
export function createCredentialLoader(
  settings: ProfileSource,
  tools: SourceTools,
): CredentialLoader {
  const { environment } = tools;
  const withExchange = (
    ask: (exchange: Exchange) => Promise<SourceCredentials>,
  ): CredentialLoader => ({
    load: (signal) => ask(createExchange({ fetch: tools.fetch, sleep: tools.sleep, signal })),
  });
  switch (settings.type) {
    case 'given':
      return { load: async () => settings.credentials };
    case 'environment':
    case 'function':
      return { load: async () => requireFound(readEnvironment(environment)) };
    case 'file':
      return {
        load: () => loadCredentialFile(settings.path),
        readVersion: () => readFileVersion(settings.path),
      };
    case 'module':
      return { load: () => loadFromModule(settings.path) };
    case 'process':
      return { load: (signal) => loadFromProcess(settings.command, environment, signal) };
    case 'credentials_uri':
      return withExchange((exchange) => loadCredentialsUri(settings.uri, environment, exchange));
    case 'ecs_ram_role':
      return withExchange((exchange) => loadInstanceRole(settings, environment, exchange));
    case 'oidc_role_arn':
      return withExchange((exchange) => loadOidcRoleSession(settings, tools, { exchange }));
    case 'ram_role_arn': {
      const base = createProvider(settings.from ?? { type: 'environment' }, tools);
      return withExchange((exchange) => loadRamRoleSession(settings, tools, { exchange, base }));
    }
    case 'given_role': {
      // read out of a profile at each load, so it would be told at each load
      const { tell: _tell, ...quietTools } = tools;
      const base = createProvider(settings.from, quietTools);
      const role = { type: 'ram_role_arn', ...settings.role } as const;
      return withExchange((exchange) => loadRamRoleSession(role, tools, { exchange, base }));
    }
    case 'profile':
      return { load: (signal) => loadProfile(settings, tools, signal) };
    case 'default_chain':
      return {
        load: createDefaultChain({
          environment,
          homeDirectory: tools.homeDirectory,
          loadFrom: (found, signal) => createCredentialLoader(found, tools).load(signal),
        }),
      };
  }
}

/** Makes the provider of a source: read anew each time if it is the environment, renewed otherwise. */
export function createProvider(
  settings: ProfileSource,
  tools: SourceTools,
): SourceCredentialsProvider {
  const { now, random, sleep, environment, tell = () => {} } = tools;
  const { type } = settings;
  if (type === 'environment') {
    const provider = createEnvironmentCredentials(environment);
    return tellChanges(provider, { source: type, isRenewed: false, tell });
  }
  const source = type.startsWith('given') ? 'profile' : type;
  const loader = createCredentialLoader(settings, tools);
  const provider = createRenewingCredentials({ ...loader, source, now, random, sleep });
  return tellChanges(provider, { source, isRenewed: true, tell });
}

async function loadProfile(
  settings: Extract<SourceCredentialsSettings, { readonly type: 'profile' }>,
  tools: SourceTools,
  signal: AbortSignal,
): Promise<SourceCredentials> {
  const path = settings.path ?? join(tools.homeDirectory, '.aliyun', 'config.json');
  const name = settings.name ?? tools.environment['ALIBABA_CLOUD_PROFILE'];
  // the file is read at each load, so that another `aliyun configure` is noticed
  const found = await findCliProfile(path, name);
  if (found === undefined) throw new LoadError(`${path} is not there, or its profile is empty`);
  return createCredentialLoader(found, tools).load(signal);
}

function requireFound(found: SourceCredentials | string): SourceCredentials {
  if (typeof found === 'string') throw new LoadError(found);
  return found;
}
