/** Lets pages sign in at a simulated issuer: the real `oidc-provider`, with a form for the claims. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import type { JWK } from 'jose';
import type { Configuration } from 'oidc-provider';
// by their files, since the index of the package warns of Node 20, on which all that is used here runs
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import { Provider } from 'oidc-provider/lib/provider.js';
import type { Algorithm } from '../../src/config/config.ts';
import { type Claims, readClaimItems } from './claims-text.ts';
import { renderSignInPage } from './sign-in-page.ts';

/** The public client that every page uses. */
export const PAGE_CLIENT_ID = 'page';
const RESOURCE = 'urn:oss-token-broker';
const INTERACTION = /^\/interaction\/[^/?]+$/;

export interface PageSignInOptions {
  /** What every path begins with. */
  readonly issuerName: string;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithm: Algorithm;
  /** The `typ` header of the tokens. */
  readonly typ: string;
  /** Signs the tokens. */
  readonly jwk: JWK & { readonly kty: string };
  /** Those whose pages may sign in. */
  readonly origins: readonly string[];
  /** Who signs in if nobody is named. */
  readonly subject: string;
  readonly tokenLifeSeconds: number;
}

/**
 * Makes the listener. It answers discovery, keys, and the authorization code grant with PKCE
 * (RFC 7636), with access tokens that are JWTs.
 */
export function createPageSignIn(
  options: PageSignInOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { issuerName, origins, subject } = options;
  /** What each subject chose when it signed in last. */
  const chosen = new Map<string, Claims>();
  const provider = new Provider(options.issuer, toConfiguration(options, chosen));
  // a page of a listed origin may come back to any of its paths
  provider.Client.prototype.redirectUriAllowed = (uri) =>
    URL.canParse(uri) && origins.includes(new URL(uri).origin);
  const answer = provider.callback();

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const show = (status: number, claims: string, problem?: string) => {
      response.writeHead(status, { 'content-type': 'text/html', 'cache-control': 'no-store' });
      const said = problem === undefined ? {} : { problem };
      response.end(renderSignInPage({ issuerName, claims, ...said }));
    };
    if (request.method !== 'POST') return show(200, `sub=${subject}`);
    const claimsText = new URLSearchParams(await readText(request)).get('claims') ?? '';
    const lines = claimsText.split(/\r?\n/).filter((line) => line.trim() !== '');
    const reading = readClaimItems(lines);
    if (!reading.ok) return show(400, claimsText, reading.problem);
    const { sub = subject } = reading.claims;
    if (typeof sub !== 'string' || sub === '') return show(400, claimsText, 'sub must be text');
    chosen.set(sub, reading.claims);
    await provider.interactionFinished(request, response, { login: { accountId: sub } });
  }

  return async function handle(request, response) {
    const originalUrl = request.url ?? '/';
    // the provider finds from the two where it is mounted
    Object.assign(request, { originalUrl, url: originalUrl.slice(issuerName.length + 1) || '/' });
    if (INTERACTION.test(request.url ?? '')) await interact(request, response);
    else await answer(request, response);
  };
}

function toConfiguration(
  options: PageSignInOptions,
  chosen: ReadonlyMap<string, Claims>,
): Configuration {
  const { issuerName, audience, algorithm, typ, jwk, origins, tokenLifeSeconds } = options;
  return {
    // the default, which warns that it forgets everything unless it is asked for by name
    adapter: createMemoryAdapter(),
    jwks: { keys: [jwk] },
    cookies: {
      keys: [randomBytes(32).toString('hex')],
      // issuers share a host, and so its cookies
      names: {
        session: `session_${issuerName}`,
        interaction: `interaction_${issuerName}`,
        resume: `resume_${issuerName}`,
      },
    },
    clients: origins.length === 0 ? [] : [toPageClient(origins, algorithm)],
    clientBasedCORS: (_context, origin) => origins.includes(origin),
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ ...chosen.get(accountId), sub: accountId }),
    }),
    interactions: { url: (_context, { uid }) => `/${issuerName}/interaction/${uid}` },
    // whoever signs in has agreed
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        accountId: oidc.session?.accountId ?? '',
        clientId: oidc.client?.clientId ?? '',
      });
      grant.addOIDCScope('openid');
      grant.addResourceScope(RESOURCE, '');
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience,
          scope: '',
          accessTokenFormat: 'jwt',
          accessTokenTTL: tokenLifeSeconds,
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    formats: {
      customizers: {
        jwt(_context, token, parts) {
          const accountId = 'accountId' in token ? String(token.accountId) : '';
          parts.header = { ...parts.header, typ };
          parts.payload = { ...parts.payload, ...chosen.get(accountId) };
        },
      },
    },
  };
}

function toPageClient(origins: readonly string[], algorithm: Algorithm) {
  return {
    client_id: PAGE_CLIENT_ID,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: origins.map((origin) => `${origin}/`),
    id_token_signed_response_alg: algorithm,
  } satisfies NonNullable<Configuration['clients']>[number];
}
