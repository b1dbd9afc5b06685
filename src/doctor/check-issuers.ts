/** Loads the keys of each issuer as the broker does. */
import type { TrustedIssuer } from '../config/config.ts';
import { parseJsonObject } from '../lib/strict-json.ts';
import type { FetchIssuer } from '../subject-token/keys/issuer-fetch.ts';
import { describeProblem } from '../subject-token/keys/issuer-problem.ts';
import type { VerificationKey } from '../subject-token/keys/jwk.ts';
import { describeDropped } from '../subject-token/keys/key-set.ts';
import { createLoadKeySet } from '../subject-token/keys/load-key-set.ts';
import { type Finding, failed, ok } from './finding.ts';
import { describeAges } from './key-ages.ts';
import { type WatchedAnswer, watchAnswers } from './watched-answers.ts';

const TIMEOUT_MS = 10_000;

/** `nowMs` is in milliseconds since the epoch. */
export async function checkIssuer(
  issuer: TrustedIssuer,
  fetchIssuer: FetchIssuer,
  nowMs: number,
): Promise<Finding> {
  const check = `issuer ${issuer.name}`;
  const watched = watchAnswers(fetchIssuer);
  try {
    const { fetchIssuer } = watched;
    const keySet = await createLoadKeySet({ issuer, fetchIssuer, timeoutMs: TIMEOUT_MS })();
    const { keys } = keySet;
    const dropped = describeDropped(keySet);
    const left = dropped.length === 0 ? '' : `; left out: ${dropped.join(', ')}`;
    if (keys.length > 0) {
      const answer = watched.lastAnswer();
      const jwks = publishedKeys(issuer, answer);
      const { lastModified } = answer ?? {};
      const { ofKeys, ofSet } = describeAges({ keySet, jwks, lastModified, nowMs });
      const each = keys.map((key, index) => describeKey(key, ofKeys[index]));
      const age = ofSet === '' ? '' : `; ${ofSet}`;
      return ok(check, `${each.join(', ')} ${sourceOf(issuer)}${age}${left}`);
    }
    return failed(check, {
      saw: `no usable key ${sourceOf(issuer)}${left}`,
      cause: `the issuer publishes no key for ${issuer.algorithms.join(' or ')}`,
      fix: 'set algorithms to what the issuer signs with',
    });
  } catch (error) {
    const problem = describeProblem(error);
    return failed(check, { saw: problem, ...explain(problem, issuer) });
  }
}

/** The JWK Set once more, because the keys of the broker have only what the broker needs. */
function publishedKeys({ keys }: TrustedIssuer, answer: WatchedAnswer | undefined) {
  if (keys.kind === 'jwks') return keys.jwks.keys;
  const parsed = parseJsonObject(Buffer.concat(answer?.chunks ?? []));
  const list: unknown = parsed.ok ? parsed.value['keys'] : undefined;
  return Array.isArray(list) ? list : [];
}

function sourceOf({ keys }: TrustedIssuer): string {
  switch (keys.kind) {
    case 'jwks':
      return 'in the config';
    case 'jwksUri':
      return 'at jwksUri, loaded now';
    case 'discovery':
      return 'by discovery, loaded now';
  }
}

/** Such as `RS256 2048 bits` or `ES256 P-256 (certificate since 2026-03-01)`. */
function describeKey(key: VerificationKey, age: string | undefined): string {
  const sizes = new Set<string>();
  for (const { algorithm } of key.values()) {
    const bits: unknown = Reflect.get(algorithm, 'modulusLength');
    const curve: unknown = Reflect.get(algorithm, 'namedCurve');
    if (typeof bits === 'number') sizes.add(`${bits} bits`);
    if (typeof curve === 'string') sizes.add(curve);
  }
  const about = age === undefined ? [] : [`(${age})`];
  return [[...key.keys()].join('/'), ...sizes, ...about].join(' ');
}

/** From the problem's own words, which name what to look at. */
function explain(problem: string, { name }: TrustedIssuer): { cause: string; fix: string } {
  const rules: readonly (readonly [RegExp, string, string])[] = [
    [
      /names another issuer/,
      'the issuer calls itself by another name than the config',
      `set issuer to that name, with or without "/" at the end exactly as there`,
    ],
    [
      /on another origin/,
      'the keys of this issuer are on another host',
      'set jwksUri, after you have looked whose host that is',
    ],
    [
      /in a private network/,
      'the host of the issuer has a private address',
      `set privateNetwork: true for ${name} if that is intended`,
    ],
    [
      /answered with status 3/,
      'the broker follows no redirect',
      'set issuer, or jwksUri, to the address behind the redirect',
    ],
    [
      /answered with status 404/,
      'there is no document at this address',
      'correct issuer; set jwksUri if the issuer has no OpenID Connect discovery',
    ],
    [
      /took too long/,
      'the issuer is slow, or something drops packets',
      'try again, and check the way to the issuer',
    ],
    [
      /cannot be reached/,
      'no such name, no route, or a certificate that this machine does not trust',
      'check the address, DNS and the network; NODE_EXTRA_CA_CERTS names a private CA',
    ],
  ];
  const [, cause, fix] = rules.find(([pattern]) => pattern.test(problem)) ?? [];
  return {
    cause: cause ?? 'the issuer does not answer as OpenID Connect Discovery and RFC 7517 say',
    fix: fix ?? 'correct issuer or jwksUri, or ask whoever runs the issuer',
  };
}
