/** Writes the credential as a configuration file of a client. */
import { type Credential, placeOf } from '../broker/credential.ts';

/** A profile of a shared credentials file: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html */
export function awsCredentialsFile(credential: Credential, profile: string): string {
  return ini(profile, {
    aws_access_key_id: credential.accessKeyId,
    aws_secret_access_key: credential.accessKeySecret,
    aws_session_token: credential.securityToken,
  });
}

/** A configuration of ossutil 2: https://www.alibabacloud.com/help/en/oss/developer-reference/configure-ossutil2 */
export function ossutilConfigFile(credential: Credential, profile: string): string {
  const { region, endpoint } = placeOf(credential);
  return ini(profile === 'default' ? profile : `profile ${profile}`, {
    mode: 'StsToken',
    accessKeyID: credential.accessKeyId,
    accessKeySecret: credential.accessKeySecret,
    stsToken: credential.securityToken,
    region,
    endpoint,
  });
}

function ini(section: string, values: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} = ${value}`],
  );
  return `${[`[${section}]`, ...lines].join('\n')}\n`;
}
