/** Loads source credentials from instance metadata: the role of an ECS or ECI instance, or of an ACK worker. */
import type { EcsRamRoleSettings } from '../config/source-credentials-settings.ts';
import type { SourceCredentials } from '../ports.ts';
import type { Environment } from './environment.ts';
import { isTrue } from './is-true.ts';
import { loadCredentialLibrary, loadThroughLibrary } from './library.ts';
import { LoadError } from './load-error.ts';
import type { Exchange } from './transport.ts';

/** Short, because the metadata service is on the same machine. */
const METADATA_TIMEOUT_MS = 1000;

/** Asks the metadata service for the session of the instance's role. Throws LoadErrors. */
export async function loadInstanceRole(
  settings: EcsRamRoleSettings,
  environment: Environment,
  exchange: Exchange,
): Promise<SourceCredentials> {
  if (isTrue(environment['ALIBABA_CLOUD_ECS_METADATA_DISABLED'])) {
    throw new LoadError(
      'ALIBABA_CLOUD_ECS_METADATA_DISABLED is true; unset it to use the instance role',
    );
  }
  const roleName = settings.roleName ?? environment['ALIBABA_CLOUD_ECS_METADATA'];
  const onlyV2 = settings.onlyMetadataV2 ?? isTrue(environment['ALIBABA_CLOUD_IMDSV1_DISABLED']);
  const { ECSRAMRoleCredentialsProvider } = await loadCredentialLibrary();
  const builder = ECSRAMRoleCredentialsProvider.builder().withDisableIMDSv1(onlyV2);
  if (roleName) builder.withRoleName(roleName);
  return loadThroughLibrary({
    provider: builder.build(),
    exchange,
    timeoutMs: METADATA_TIMEOUT_MS,
    server: 'the metadata service',
  });
}
