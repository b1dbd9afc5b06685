/** Checks the secrets that the config takes from the environment, but for source credentials and the store. */
import type { Config } from './config/config.ts';
import { findOtlpProblem } from './metrics/otlp/headers.ts';
import { findTicketKeyProblem } from './tickets/ticket-keys.ts';

/** Says which secret of the config cannot be used; undefined if all can be. Shows none of them. */
export function findSecretProblem(
  { surfaces, telemetry }: Config,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly path: string; readonly message: string } | undefined {
  const keys = findTicketKeyProblem(surfaces?.credentialUrls, environment);
  if (keys !== undefined) return { path: 'surfaces.credentialUrls.keys', message: keys };
  const headers = findOtlpProblem(telemetry?.otlp, environment);
  if (headers !== undefined) return { path: 'telemetry.otlp.headersFrom', message: headers };
  return undefined;
}
