/** Translates a profile into the settings of source credentials. */
import { readFile } from 'node:fs/promises';
import type { SourceCredentialsSettings } from '../config/source-credentials-settings.ts';
import { systemErrorCode } from '../lib/system-error-code.ts';
import type { SourceCredentials } from '../ports.ts';
import { readCredentials } from './credential-json.ts';
import { LoadError, withCode } from './load-error.ts';

/** A profile may contain the credentials themselves; the config of the broker may not. */
export type ProfileSource =
  | SourceCredentialsSettings
  | { readonly type: 'given'; readonly credentials: SourceCredentials }
  | { readonly type: 'given_role'; readonly from: ProfileSource; readonly role: RoleOfProfile };

type RoleOfProfile = Omit<
  Extract<SourceCredentialsSettings, { readonly type: 'ram_role_arn' }>,
  'from' | 'type'
>;

export function toGiven(profile: unknown): ProfileSource {
  return { type: 'given', credentials: readCredentials(profile) };
}

export function toRole(profile: unknown): RoleOfProfile {
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

/** The text of a file, or undefined if there is no such file. Throws a LoadError. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new LoadError(withCode(`${path} cannot be read`, error));
  }
}

/** A member that is text and not empty. */
export function textMember(value: unknown, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
