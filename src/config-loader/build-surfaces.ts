/** Builds the settings of the surfaces from what the operator wrote. */
import type { Config, SurfaceSettings } from '../config/config.ts';
import type { ConfigInput } from './config-schema.ts';
import { buildCredentialUrls } from './credential-urls-schema.ts';

/** Keeps what is on. The rest is left out, so that every spelling of off gives the same revision. */
export function buildSurfaces(input: ConfigInput['surfaces']): Pick<Config, 'surfaces'> {
  const { tokenExchange, aws, sts, credentialUrls } = input ?? {};
  const surfaces: SurfaceSettings = {
    ...(tokenExchange === true ? { tokenExchange } : {}),
    ...(aws === true ? { aws } : {}),
    ...buildStsSurface(sts),
    ...(credentialUrls === undefined
      ? {}
      : { credentialUrls: buildCredentialUrls(credentialUrls) }),
  };
  return Object.keys(surfaces).length === 0 ? {} : { surfaces };
}

function buildStsSurface(
  input: boolean | { oidcProviderArn?: string | undefined } | undefined,
): Pick<SurfaceSettings, 'sts'> {
  if (input === undefined || input === false) return {};
  const { oidcProviderArn } = input === true ? {} : input;
  return { sts: oidcProviderArn === undefined ? {} : { oidcProviderArn } };
}
