/** The environment variables that lead SDKs to the agent. */
import { devNull } from 'node:os';
import type { Variables } from '../formats/variables.ts';

/** For an agent on a port of loopback. */
export function agentVariables(place: {
  readonly host: '127.0.0.1' | '::1';
  readonly port: number;
  readonly secret: string;
}): Variables {
  const { host, port, secret } = place;
  const origin = `http://${host === '::1' ? '[::1]' : host}:${port}`;
  return {
    ALIBABA_CLOUD_CREDENTIALS_URI: `${origin}/${secret}/credentials`,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/aws`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: secret,
  };
}

/**
 * SDKs look at files and at the metadata of the machine before they ask a URI. What they find there
 * would be another identity.
 */
export const WITHOUT_OTHER_SOURCES: Variables = {
  ALIBABA_CLOUD_CLI_PROFILE_DISABLED: 'true',
  ALIBABA_CLOUD_CREDENTIALS_FILE: devNull,
  ALIBABA_CLOUD_ECS_METADATA: undefined,
  ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
};
