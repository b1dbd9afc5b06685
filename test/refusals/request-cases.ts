/** Requests that are refused for their form. */
import { asking, type RefusalCase } from './refusal-case.ts';

export const REQUEST_CASES: readonly RefusalCase[] = [
  {
    reason: 'route_unknown',
    status: 404,
    code: 'not_found',
    ask: asking({ path: '/v2/credentials' }),
  },
  {
    reason: 'too_many_header_lines',
    status: 431,
    code: 'too_many_header_lines',
    ask: asking({
      headers: Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x${n}`, 'x'])),
    }),
    why: { limit: 100 },
  },
  {
    reason: 'method_not_allowed',
    status: 405,
    code: 'method_not_allowed',
    ask: asking({ method: 'PUT' }),
    headers: { Allow: 'GET, POST, OPTIONS' },
  },
  {
    reason: 'not_acceptable',
    status: 406,
    code: 'not_acceptable',
    ask: asking({ headers: { Accept: 'text/html' } }),
  },
  {
    reason: 'body_too_large',
    status: 413,
    code: 'body_too_large',
    ask: asking({ body: JSON.stringify({ Grant: 'x'.repeat(4096) }) }),
    why: { limitBytes: 4096 },
  },
  {
    reason: 'media_type_unsupported',
    status: 415,
    code: 'unsupported_media_type',
    ask: asking({
      body: 'Grant=x',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    }),
  },
  {
    reason: 'request_malformed',
    status: 400,
    code: 'invalid_request',
    ask: asking({ body: { Grants: 'x' } }),
    why: { problem: 'the request has an unknown member', member: 'Grants' },
  },
  {
    reason: 'origin_not_allowed',
    status: 403,
    code: 'origin_not_allowed',
    ask: asking({
      token: null,
      method: 'OPTIONS',
      headers: {
        Origin: 'https://elsewhere.example.com',
        'Access-Control-Request-Method': 'POST',
      },
    }),
    why: { origin: 'https://elsewhere.example.com' },
  },
];
