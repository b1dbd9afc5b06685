/** Where a command for operators finds credentials: as the SDKs do, or as the broker would. */
import { homedir } from 'node:os';
import type { Config } from '../../config/config.ts';
import type { SourceCredentialsSettings } from '../../config/source-credentials-settings.ts';
import type { SourceCredentialsProvider } from '../../ports.ts';
import { createSourceCredentials } from '../../source-credentials/create-source-credentials.ts';
import type { Machine } from '../system/machine.ts';

/** Makes the provider for one kind of source on this machine. */
export function createMachineCredentials(
  settings: SourceCredentialsSettings,
  { region, sts }: Pick<Config, 'region' | 'sts'>,
  { environment, now, random, sleep }: Machine,
): SourceCredentialsProvider {
  return createSourceCredentials(settings, {
    region,
    sts,
    environment,
    homeDirectory: environment['HOME'] ?? homedir(),
    now,
    random,
    sleep,
    fetch,
    observe: () => {},
  });
}
