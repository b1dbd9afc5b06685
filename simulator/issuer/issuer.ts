/** Starts an issuer for tests: the real `oidc-provider`, with one client per test caller. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { Configuration } from 'oidc-provider';
// by their files, since the index of the package warns of Node 20, on which all that is used here runs
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import { Provider } from 'oidc-provider/lib/provider.js';
import { createSigningKey } from './signing-key.ts';

/** A caller that gets tokens by the client credentials grant (RFC 6749, section 4.4). Its id becomes `sub`. */
export interface SimulatedCaller {
  readonly id: string;
  readonly secret: string;
  /** Further claims of its tokens. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface SimulatedIssuer {
  /** The issuer identifier, e.g. `http://127.0.0.1:4000`. */
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** Requests a token from the token endpoint, as the caller would. */
  fetchToken(caller: Pick<SimulatedCaller, 'id' | 'secret'>): Promise<string>;
  close(): Promise<void>;
}

/** Starts the issuer on loopback. Its tokens are JWTs for the given audience (RFC 9068). */
export async function startIssuer(options: {
  readonly callers: readonly SimulatedCaller[];
  readonly audience: string;
  readonly tokenLifeSeconds: number;
  readonly port?: number;
}): Promise<SimulatedIssuer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the issuer has no port');
  const issuer = `http://127.0.0.1:${address.port}`;
  const provider = new Provider(issuer, toConfiguration(options));
  server.on('request', provider.callback());
  const tokenEndpoint = `${issuer}/token`;
  return {
    issuer,
    tokenEndpoint,
    fetchToken: (caller) => fetchToken(tokenEndpoint, caller),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function toConfiguration(options: Parameters<typeof startIssuer>[0]): Configuration {
  const { callers, audience, tokenLifeSeconds } = options;
  return {
    // the default, which warns that it forgets everything unless it is asked for by name
    adapter: createMemoryAdapter(),
    jwks: { keys: [createSigningKey('RS256', 'simulated')] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    clients: callers.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    ttl: { ClientCredentials: tokenLifeSeconds },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:oss-token-broker',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience,
          scope: '',
          accessTokenFormat: 'jwt',
          accessTokenTTL: tokenLifeSeconds,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_context, token) =>
      callers.find(({ id }) => id === token.clientId)?.claims ?? {},
  };
}

async function fetchToken(
  tokenEndpoint: string,
  { id, secret }: Pick<SimulatedCaller, 'id' | 'secret'>,
): Promise<string> {
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const answer: unknown = await response.json();
  if (typeof answer === 'object' && answer !== null && 'access_token' in answer) {
    return String(answer.access_token);
  }
  throw new Error(`the issuer answered ${response.status}`);
}
