/** Builds the settings of the source credentials from what their schema accepted. */
import type { SourceCredentialsSettings } from '../config/source-credentials-settings.ts';
import { parseDuration } from './durations.ts';
import type { SourceCredentialsInput } from './source-credentials-schema.ts';

/** Converts durations to seconds, and leaves out absent members. */
export function buildSourceCredentials(input: SourceCredentialsInput): SourceCredentialsSettings {
  switch (input.type) {
    case 'ram_role_arn': {
      const { externalId, from } = input;
      return {
        type: 'ram_role_arn',
        ...buildRole(input),
        ...(externalId === undefined ? {} : { externalId }),
        ...(from === undefined ? {} : { from: buildBase(from) }),
      };
    }
    case 'function':
      return { type: 'function' };
    default:
      return buildBase(input);
  }
}

function buildBase(
  input: Exclude<SourceCredentialsInput, { type: 'ram_role_arn' | 'function' }>,
): Exclude<SourceCredentialsSettings, { type: 'ram_role_arn' }> {
  switch (input.type) {
    case 'oidc_role_arn': {
      const { oidcProvider, oidcTokenFile } = input;
      return {
        type: 'oidc_role_arn',
        ...buildRole(input),
        ...given({ oidcProvider, oidcTokenFile }),
      };
    }
    case 'process': {
      const [program = '', ...parameters] = input.command;
      return { type: 'process', command: [program, ...parameters] };
    }
    case 'credentials_uri':
      return { type: 'credentials_uri', ...given({ uri: input.uri }) };
    case 'ecs_ram_role': {
      const { roleName, onlyMetadataV2 } = input;
      return { type: 'ecs_ram_role', ...given({ roleName, onlyMetadataV2 }) };
    }
    case 'profile':
      return { type: 'profile', ...given({ name: input.name, path: input.path }) };
    default:
      return input;
  }
}

function buildRole(
  input: Extract<SourceCredentialsInput, { type: 'ram_role_arn' | 'oidc_role_arn' }>,
) {
  const { role, roleSessionName, policy, duration, sts } = input;
  const durationSeconds = duration === undefined ? undefined : parseDuration(duration);
  return {
    ...given({ role, roleSessionName, policy, durationSeconds }),
    ...(sts === undefined ? {} : { sts: given(sts) }),
  };
}

type Given<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> };

function given<Members extends object>(members: Members): Given<Members> {
  const result: Given<Members> = {};
  for (const name of keysOf(members)) {
    const value = members[name];
    if (isGiven(value)) result[name] = value;
  }
  return result;
}

function keysOf<Members extends object>(members: Members): (keyof Members)[] {
  const names: (keyof Members)[] = [];
  for (const name in members) names.push(name);
  return names;
}

function isGiven<Value>(value: Value): value is Exclude<Value, undefined> {
  return value !== undefined;
}
