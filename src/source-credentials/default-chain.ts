/** Loads source credentials by the default chain of `@alicloud/credentials`, in its documented order and without its bugs. */
import { join } from 'node:path';
import type { SourceCredentialsSettings } from '../config/source-credentials-settings.ts';
import type { SourceCredentials } from '../ports.ts';
import { findCliProfile } from './cli-profile.ts';
import type { Environment } from './environment.ts';
import { findIniProfile } from './ini-profile.ts';
import { isTrue } from './is-true.ts';
import { LoadError, toLoadError } from './load-error.ts';
import type { ProfileSource } from './profile-source.ts';
import type { LoadCredentials } from './renewing.ts';

type FindStep = () => Promise<ProfileSource | undefined>;

export interface ChainOptions {
  readonly environment: Environment;
  readonly homeDirectory: string;
  /** Loads from one source once. */
  readonly loadFrom: (settings: ProfileSource, signal: AbortSignal) => Promise<SourceCredentials>;
}

/**
 * Makes a loader that uses the first source present: environment, OIDC role, CLI profile, SDK
 * profile, instance role, credentials URI. Each load starts at the first source, so it never sticks
 * to one that failed. A source that is present but fails ends the chain. Otherwise a short STS
 * failure would give the broker another identity, such as that of its pod's node.
 */
export function createDefaultChain(options: ChainOptions): LoadCredentials {
  const steps = listSteps(options);
  let last: string | undefined;

  return async function loadFromChain(signal) {
    for (const [name, find] of steps) {
      const settings = await find().catch((error: unknown) => {
        throw named(name, error);
      });
      if (settings === undefined) continue;
      try {
        const credentials = await options.loadFrom(settings, signal);
        last = name;
        return credentials;
      } catch (error) {
        // whether there are a metadata service and a role shows only when it is asked
        const isPresent = name !== 'instance role' || last === name;
        if (isPresent) throw named(name, error);
      }
    }
    throw new LoadError(
      `no source is present; set up one of ${steps.map(([name]) => name).join(', ')}`,
    );
  };
}

function listSteps({ environment, homeDirectory }: ChainOptions): readonly [string, FindStep][] {
  const isSet = (...names: readonly string[]) => names.some((name) => Boolean(environment[name]));
  const when = (isPresent: boolean, settings: SourceCredentialsSettings): FindStep => {
    return async () => (isPresent ? settings : undefined);
  };
  const profile = environment['ALIBABA_CLOUD_PROFILE'];
  const iniFile =
    environment['ALIBABA_CLOUD_CREDENTIALS_FILE'] ??
    join(homeDirectory, '.alibabacloud', 'credentials');
  return [
    [
      'environment',
      async () =>
        isSet(
          'ALIBABA_CLOUD_ACCESS_KEY_ID',
          'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
          'OSS_ACCESS_KEY_ID',
          'OSS_ACCESS_KEY_SECRET',
        )
          ? { type: 'environment' }
          : undefined,
    ],
    [
      'OIDC role',
      when(
        isSet('ALIBABA_CLOUD_ROLE_ARN') &&
          isSet('ALIBABA_CLOUD_OIDC_PROVIDER_ARN') &&
          isSet('ALIBABA_CLOUD_OIDC_TOKEN_FILE'),
        { type: 'oidc_role_arn' },
      ),
    ],
    [
      'CLI profile',
      async () =>
        isTrue(environment['ALIBABA_CLOUD_CLI_PROFILE_DISABLED'])
          ? undefined
          : findCliProfile(join(homeDirectory, '.aliyun', 'config.json'), profile),
    ],
    ['SDK profile', () => findIniProfile(iniFile, profile ?? 'default')],
    [
      'instance role',
      when(!isTrue(environment['ALIBABA_CLOUD_ECS_METADATA_DISABLED']), { type: 'ecs_ram_role' }),
    ],
    [
      'credentials URI',
      async () =>
        isSet('ALIBABA_CLOUD_CREDENTIALS_URI') ? { type: 'credentials_uri' } : undefined,
    ],
  ];
}

function named(name: string, error: unknown): LoadError {
  const { problem, isTransient, stsCode } = toLoadError(error);
  return new LoadError(`${name}: ${problem}`, {
    isTransient,
    ...(stsCode === undefined ? {} : { stsCode }),
  });
}
