/** Finds source credentials in a profile of the Alibaba Cloud SDKs' ini file. */
import { LoadError } from './load-error.ts';
import { type ProfileSource, readText, toGiven, toRole } from './profile-source.ts';

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
      throw new LoadError('its type is unknown; use access_key, sts, ecs_ram_role or ram_role_arn');
  }
}

/** Adds the CLI's names for members that the ini file names differently. */
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
