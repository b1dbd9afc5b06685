/** Reads the profiles of the Alibaba Cloud CLI and of its SDKs, and tells which kind of source each one is. */
import { readFile } from 'node:fs/promises';
import type { SourceCredentialsSettings } from '../config/source-credentials-settings.ts';
import { readCredentials } from './credential-json.ts';
import { codeOfSystemError, LoadError } from './load-error.ts';
import type { SourceCredentials } from './source-credentials.ts';

/** A profile may hold the credentials themselves, which the config of the broker may not. */
export type ProfileSource =
  | SourceCredentialsSettings
  | { readonly type: 'given'; readonly credentials: SourceCredentials }
  | { readonly type: 'given_role'; readonly from: ProfileSource; readonly role: RoleOfProfile };

type RoleOfProfile = Omit<
  Extract<SourceCredentialsSettings, { readonly type: 'ram_role_arn' }>,
  'from' | 'type'
>;

/** A chain of profiles that name each other is followed no further. */
const MAX_SOURCE_PROFILES = 5;

/**
 * Finds a profile of `aliyun configure`. Undefined: there is no such file, or its profile was never
 * filled in. The library's own reading of it forgets `sts_token`, `policy` and `external_id` of
 * `RamRoleArn`, and shows the whole file when it is not JSON. Throws LoadErrors.
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
  if (profile === undefined) throw new LoadError('there is no profile of that name');
  const text = (key: string) => textMember(profile, key);
  switch (text('mode')) {
    case 'AK':
    case 'StsToken':
      // `aliyun` creates an empty profile of its own accord
      return text('access_key_id') === undefined ? undefined : toGiven(profile);
    case 'RamRoleArn':
      return { type: 'given_role', from: toGiven(profile), role: toRole(profile) };
    case 'ChainableRamRoleArn': {
      const source = text('source_profile');
      if (source === undefined || depth === 0)
        throw new LoadError('its source_profile leads nowhere');
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
        'its mode is none that a server can use; modes that need a person to log in (CloudSSO, OAuth) are not among them',
      );
  }
}

function toGiven(profile: unknown): ProfileSource {
  return { type: 'given', credentials: readCredentials(profile) };
}

function toRole(profile: unknown): RoleOfProfile {
  const text = (key: string) => textMember(profile, key);
  const role = text('ram_role_arn');
  if (role === undefined) throw new LoadError('its ram_role_arn is empty');
  const roleSessionName = text('ram_session_name');
  const policy = text('policy');
  const externalId = text('external_id');
  const seconds = member(profile, 'expired_seconds') || member(profile, 'duration_seconds');
  const endpoint = text('sts_endpoint');
  const region = text('sts_region');
  const isVpc = member(profile, 'enable_vpc') === true;
  return {
    role,
    ...(roleSessionName === undefined ? {} : { roleSessionName }),
    ...(policy === undefined ? {} : { policy }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(typeof seconds === 'number' && seconds > 0 ? { durationSeconds: seconds } : {}),
    sts: {
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(isVpc ? { network: 'vpc' } : {}),
    },
  };
}

/** A command line as the CLI takes it: words, and quoted words with spaces in them. */
function splitCommand(line: string): readonly [string, ...string[]] {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
  const [program, ...parameters] = words;
  if (program === undefined) throw new LoadError('its process_command is empty');
  return [program, ...parameters];
}

/**
 * Finds a profile in the ini file of the SDKs (`~/.alibabacloud/credentials`). Undefined: there is
 * no such file, or no such profile in it. Throws LoadErrors.
 */
export async function findIniProfile(
  path: string,
  name: string,
): Promise<ProfileSource | undefined> {
  const text = await readText(path);
  const profile = text === undefined ? undefined : readIniSection(text, name);
  if (profile === undefined) return undefined;
  switch (profile['type']) {
    case undefined:
      return undefined;
    case 'access_key':
    case 'sts':
      return toGiven(withCliNames(profile));
    case 'ecs_ram_role': {
      const roleName = profile['role_name'];
      return { type: 'ecs_ram_role', ...(roleName === undefined ? {} : { roleName }) };
    }
    case 'ram_role_arn': {
      const named = withCliNames(profile);
      return { type: 'given_role', from: toGiven(named), role: toRole(named) };
    }
    default:
      throw new LoadError('its type is none of access_key, sts, ecs_ram_role and ram_role_arn');
  }
}

/** What the ini file calls otherwise than the CLI. */
function withCliNames(profile: Readonly<Record<string, string>>): object {
  return {
    ...profile,
    sts_token: profile['security_token'],
    ram_role_arn: profile['role_arn'],
    ram_session_name: profile['role_session_name'],
  };
}

function readIniSection(text: string, name: string): Readonly<Record<string, string>> | undefined {
  const members = new Map<string, string>();
  let section = '';
  let isFound = false;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[\s*([^\]]+?)\s*\]\s*$/.exec(line);
    if (heading?.[1] !== undefined) {
      section = heading[1];
      isFound ||= section === name;
      continue;
    }
    const [, key, value] = /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === name && key !== undefined && value !== undefined) {
      members.set(key, value.replace(/^"(.*)"$/, '$1'));
    }
  }
  return isFound ? Object.fromEntries(members) : undefined;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = codeOfSystemError(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new LoadError(`${path} cannot be read${code === undefined ? '' : ` (${code})`}`);
  }
}

function textMember(value: unknown, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
