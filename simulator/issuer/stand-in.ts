/** Stands in for one trusted issuer of a config: signs tokens with any claims, and lets pages sign in. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { importJWK, SignJWT } from 'jose';
import type { Configuration } from 'oidc-provider';
// by their files, since the index of the package warns of Node 20, on which all that is used here runs
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import { Provider } from 'oidc-provider/lib/provider.js';
import type { Algorithm, TrustedIssuer } from '../../src/config/config.ts';
import { type Claims, readClaimItems } from './claims-text.ts';
import { renderSignInPage } from './sign-in-page.ts';
import { createSigningKey } from './signing-key.ts';

/** The part of a trusted issuer that its tokens depend on. */
export type StoodInIssuer = Pick<
  TrustedIssuer,
  'name' | 'issuer' | 'audiences' | 'algorithms' | 'types'
>;

export interface StandIn {
  /** Signs a token with the issuer's `iss` and `aud` and with these claims, which count for more. */
  sign(claims: Claims): Promise<string>;
  /** Answers a request whose path begins with the name of the issuer. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** The public client that every page uses. */
export const PAGE_CLIENT_ID = 'page';
export const TOKEN_LIFE_SECONDS = 3600;
const RESOURCE = 'urn:oss-token-broker';
const SUBJECT = 'alice';
const INTERACTION = /^\/interaction\/[^/?]+$/;

/** `origins` are those whose pages may sign in. */
export async function createStandIn(
  issuer: StoodInIssuer,
  origins: readonly string[],
): Promise<StandIn> {
  const { name } = issuer;
  const [audience = ''] = issuer.audiences;
  const [algorithm = 'RS256'] = issuer.algorithms;
  const [type = 'jwt'] = issuer.types;
  const typ = type === 'jwt' ? 'JWT' : type;
  const jwk = createSigningKey(algorithm, `simulated-${name}`);
  const key = await importJWK(jwk, algorithm);
  /** What each subject chose when it signed in last. */
  const chosen = new Map<string, Claims>();

  async function sign(claims: Claims): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all = {
      iss: issuer.issuer,
      aud: audience,
      sub: SUBJECT,
      iat: now,
      exp: now + TOKEN_LIFE_SECONDS,
      jti: randomUUID(),
      ...claims,
    };
    return new SignJWT(all)
      .setProtectedHeader({ alg: algorithm, typ, kid: `simulated-${name}` })
      .sign(key);
  }

  const provider = new Provider(issuer.issuer, {
    adapter: createMemoryAdapter(),
    jwks: { keys: [jwk] },
    // issuers share a host, and so its cookies
    cookies: {
      keys: [randomBytes(32).toString('hex')],
      names: {
        session: `session_${name}`,
        interaction: `interaction_${name}`,
        resume: `resume_${name}`,
      },
    },
    clients: origins.length === 0 ? [] : [pageClient(origins, algorithm)],
    clientBasedCORS: (_context, origin) => origins.includes(origin),
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ ...chosen.get(accountId), sub: accountId }),
    }),
    interactions: { url: (_context, { uid }) => `/${name}/interaction/${uid}` },
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
    ttl: { AccessToken: TOKEN_LIFE_SECONDS },
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
          accessTokenTTL: TOKEN_LIFE_SECONDS,
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
  } satisfies Configuration);
  // a page of a listed origin may come back to any of its paths
  provider.Client.prototype.redirectUriAllowed = (uri) =>
    URL.canParse(uri) && origins.includes(new URL(uri).origin);
  const answer = provider.callback();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const originalUrl = request.url ?? '/';
    // the provider finds from the two where it is mounted
    Object.assign(request, { originalUrl, url: originalUrl.slice(name.length + 1) || '/' });
    if (INTERACTION.test(request.url ?? '')) return interact(request, response);
    await answer(request, response);
  }

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const show = (status: number, claims: string, problem?: string) => {
      response.writeHead(status, { 'content-type': 'text/html', 'cache-control': 'no-store' });
      const said = problem === undefined ? {} : { problem };
      response.end(renderSignInPage({ issuerName: name, claims, ...said }));
    };
    if (request.method !== 'POST') return show(200, `sub=${SUBJECT}`);
    const claimsText = new URLSearchParams(await readText(request)).get('claims') ?? '';
    const lines = claimsText.split(/\r?\n/).filter((line) => line.trim() !== '');
    const reading = readClaimItems(lines);
    if (!reading.ok) return show(400, claimsText, reading.problem);
    const { sub = SUBJECT } = reading.claims;
    if (typeof sub !== 'string' || sub === '') return show(400, claimsText, 'sub must be text');
    chosen.set(sub, reading.claims);
    await provider.interactionFinished(request, response, { login: { accountId: sub } });
  }

  return { sign, handle };
}

function pageClient(origins: readonly string[], algorithm: Algorithm) {
  return {
    client_id: PAGE_CLIENT_ID,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: origins.map((origin) => `${origin}/`),
    id_token_signed_response_alg: algorithm,
  } as const;
}
