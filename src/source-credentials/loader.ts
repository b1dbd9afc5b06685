/** Makes the loader and the provider for the settings of one source. */
import { join } from 'node:path';
import type { SourceCredentialsSettings } from '../config/source-credentials-settings.ts';
import type { Observe } from '../observe/event.ts';
import type { SourceCredentials, SourceCredentialsProvider } from '../ports.ts';
import { findCliProfile } from './cli-profile.ts';
import { loadCredentialsUri } from './credentials-uri.ts';
import { createDefaultChain } from './default-chain.ts';
import { createEnvironmentCredentials, readEnvironment } from './environment.ts';
import { loadCredentialFile, readFileVersion } from './file.ts';
import { loadInstanceRole } from './instance-role.ts';
import { LoadError } from './load-error.ts';
import { loadFromModule } from './module.ts';
import { observeChanges } from './observe-changes.ts';
import { loadOidcRoleSession } from './oidc-role-arn.ts';
import { loadFromProcess } from './process.ts';
import type { ProfileSource } from './profile-source.ts';
import { loadRamRoleSession } from './ram-role-arn.ts';
import { createRenewingCredentials, type LoadCredentials } from './renewing.ts';
import type { RoleSessionContext } from './role-session.ts';
import { createExchange, type Exchange } from './transport.ts';
import type { Sleep } from './within-time.ts';

export interface SourceTools extends RoleSessionContext {
  /** Absolute path of the home directory, for the files of the CLI and the SDKs. */
  readonly homeDirectory: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly fetch: typeof fetch;
  /** Receives credentials that come into use and failures, including those below a role. */
  readonly observe: Observe;
}

interface CredentialLoader {
  readonly load: LoadCredentials;
  readonly readVersion?: () => Promise<string>;
}

/** Makes the loader of one source. Its only state is the provider of the source below it. */
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
      // not observed, because it is created again at each load and would be reported each time
      const base = createProvider(settings.from, { ...tools, observe: () => {} });
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

/** Makes the provider of a source: the environment is read at each call, other sources are renewed. */
export function createProvider(
  settings: ProfileSource,
  tools: SourceTools,
): SourceCredentialsProvider {
  const { now, random, sleep, environment, observe } = tools;
  const { type } = settings;
  if (type === 'environment') {
    const provider = createEnvironmentCredentials(environment);
    return observeChanges(provider, { source: type, isRenewed: false, observe });
  }
  const source = type.startsWith('given') ? 'profile' : type;
  const loader = createCredentialLoader(settings, tools);
  const provider = createRenewingCredentials({ ...loader, source, now, random, sleep, observe });
  return observeChanges(provider, { source, isRenewed: true, observe });
}

async function loadProfile(
  settings: Extract<SourceCredentialsSettings, { readonly type: 'profile' }>,
  tools: SourceTools,
  signal: AbortSignal,
): Promise<SourceCredentials> {
  const path = settings.path ?? join(tools.homeDirectory, '.aliyun', 'config.json');
  const name = settings.name ?? tools.environment['ALIBABA_CLOUD_PROFILE'];
  // read at each load, so that another `aliyun configure` is noticed
  const found = await findCliProfile(path, name);
  if (found === undefined)
    throw new LoadError(`${path} does not exist or its profile is empty; run aliyun configure`);
  return createCredentialLoader(found, tools).load(signal);
}

function requireFound(found: SourceCredentials | string): SourceCredentials {
  if (typeof found === 'string') throw new LoadError(found);
  return found;
}
