/** Requests to the native API and to the addresses beside it, each of which gets a declared answer. */
import type { AskOptions } from '../support/broker.ts';

/** More lines than the broker reads. */
export const MANY_HEADERS = Object.fromEntries(
  Array.from({ length: 101 }, (_, n) => [`x${n}`, 'x']),
);

export const asks: readonly (readonly [method: string, path: string, options: AskOptions])[] = [
  ['POST', '/v1/credentials', { claims: { plan: 'basic' } }],
  ['GET', '/v1/credentials', { claims: { plan: 'basic' } }],
  [
    'GET',
    '/v1/credentials?Permissions=read,write&DurationSeconds=900&Target=oss://app-media/users/user-1/',
    { claims: { plan: 'basic' } },
  ],
  ['GET', '/v1/credentials?access_token=x', { claims: { plan: 'basic' } }],
  ['GET', '/v1/credentials', { token: null }],
  ['GET', '/v1/credentials', { claims: { plan: 'none' } }],
  ['GET', '/v1/credentials', { headers: { Accept: 'image/png' } }],
  ['OPTIONS', '/v1/credentials', { token: null }],
  [
    'OPTIONS',
    '/v1/credentials',
    {
      token: null,
      headers: { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'POST' },
    },
  ],
  [
    'OPTIONS',
    '/v1/credentials',
    {
      token: null,
      headers: { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'POST' },
    },
  ],
  ['HEAD', '/v1/credentials', { claims: { plan: 'basic' } }],
  ['PUT', '/v1/credentials', {}],
  ...['GET', 'HEAD', 'OPTIONS', 'PUT'].map(
    (method) => [method, '/v1/credentials', { token: null, headers: MANY_HEADERS }] as const,
  ),
  ['GET', '/health', { token: null, headers: MANY_HEADERS }],
  ['GET', '/ready', { token: null, headers: MANY_HEADERS }],
  ['POST', '/v1/credentials?Permissions=read', { claims: { plan: 'basic' } }],
  ...['/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource'].flatMap(
    (path) => [
      ['GET', path, { token: null }] as const,
      ['GET', path, { token: null, headers: MANY_HEADERS }] as const,
      ['PUT', path, { token: null }] as const,
      ['PUT', path, { token: null, headers: MANY_HEADERS }] as const,
      ['OPTIONS', path, { token: null }] as const,
      ['OPTIONS', path, { token: null, headers: MANY_HEADERS }] as const,
      [
        'OPTIONS',
        path,
        {
          token: null,
          headers: { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'GET' },
        },
      ] as const,
    ],
  ),
  ['GET', '/health', { token: null }],
  ['GET', '/ready', { token: null }],
  ['GET', '/nowhere', { token: null }],
];
