/** Finds source credentials in a profile of the Alibaba Cloud CLI. */
import { LoadError } from './load-error.ts';
import {
  member,
  type ProfileSource,
  readText,
  textMember,
  toGiven,
  toRole,
} from './profile-source.ts';

/** How many `source_profile`s are followed. */
const MAX_SOURCE_PROFILES = 5;

/**
 * Finds a profile of `aliyun configure`. Undefined: there is no such file, or its profile was never
 * filled in. The library's own reader is not used: it ignores `sts_token`, `policy` and `external_id`
 * of `RamRoleArn`, and its error quotes the whole file if that is not JSON. Throws LoadErrors.
 */
export async function findCliProfile(
  path: string,
  name: string | undefined,
): Promise<ProfileSource | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw new LoadError(`${path} is not JSON`);
  }
  const profiles = member(config, 'profiles');
  const wanted = name ?? textMember(config, 'current') ?? 'default';
  if (!Array.isArray(profiles)) throw new LoadError(`${path} has no profiles`);
  return toSource(profiles, wanted, MAX_SOURCE_PROFILES);
}

function toSource(
  profiles: readonly unknown[],
  name: string,
  depth: number,
): ProfileSource | undefined {
  const profile = profiles.find((candidate) => textMember(candidate, 'name') === name);
  if (profile === undefined) throw new LoadError('there is no profile with that name');
  const text = (key: string) => textMember(profile, key);
  switch (text('mode')) {
    case 'AK':
    case 'StsToken':
      // `aliyun` creates an empty profile by default
      return text('access_key_id') === undefined ? undefined : toGiven(profile);
    case 'RamRoleArn':
      return { type: 'given_role', from: toGiven(profile), role: toRole(profile) };
    case 'ChainableRamRoleArn': {
      const source = text('source_profile');
      if (source === undefined || depth === 0)
        throw new LoadError('its source_profile is missing or nested too deeply');
      const from = toSource(profiles, source, depth - 1);
      if (from === undefined) throw new LoadError('its source_profile is empty');
      return { type: 'given_role', from, role: toRole(profile) };
    }
    case 'EcsRamRole': {
      const roleName = text('ram_role_name');
      return { type: 'ecs_ram_role', ...(roleName === undefined ? {} : { roleName }) };
    }
    case 'OIDC': {
      const oidcProvider = text('oidc_provider_arn');
      const oidcTokenFile = text('oidc_token_file');
      return {
        type: 'oidc_role_arn',
        ...toRole(profile),
        ...(oidcProvider === undefined ? {} : { oidcProvider }),
        ...(oidcTokenFile === undefined ? {} : { oidcTokenFile }),
      };
    }
    case 'CredentialsURI': {
      const uri = text('credentials_uri');
      if (uri === undefined) throw new LoadError('its credentials_uri is empty');
      return { type: 'credentials_uri', uri };
    }
    case 'External':
      return { type: 'process', command: splitCommand(text('process_command') ?? '') };
    default:
      throw new LoadError(
        'its mode is unusable for a server; choose one without a login (CloudSSO and OAuth need a person)',
      );
  }
}

/** Splits a command line as the CLI does: words, and quoted words that may contain spaces. */
function splitCommand(line: string): readonly [string, ...string[]] {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
  const [program, ...parameters] = words;
  if (program === undefined) throw new LoadError('its process_command is empty');
  return [program, ...parameters];
}
