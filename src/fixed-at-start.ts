/** The settings that a running broker takes only from its first config, by section. */
import type { Config } from './config/config.ts';
import type { SourceCredentialsSettings } from './config/source-credentials-settings.ts';

/** Sources that ask STS, at the address that `region` and `sts` give unless they have their own. */
const ASK_STS: readonly SourceCredentialsSettings['type'][] = [
  'ram_role_arn',
  'oidc_role_arn',
  'profile',
  'default_chain',
];

/** The sections whose change takes effect with the next start. `source` is where the source credentials come from. */
export function fixedAtStart(
  { region, sts, sourceCredentials, store, metrics, telemetry }: Config,
  source: SourceCredentialsSettings,
): Readonly<Record<string, unknown>> {
  const { endpoint, network } = sts;
  const place = ASK_STS.includes(source.type) ? { region, endpoint, network } : {};
  return {
    sourceCredentials: { ...place, settings: sourceCredentials },
    store,
    metrics,
    telemetry,
  };
}
