/**
 * Asks GitHub Actions for the identity of the running job:
 * https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
 */
import { parseJsonObject } from '../../lib/strict-json.ts';
import { exchange } from '../system/http-exchange.ts';
import { isLoopbackHost } from '../system/local-address.ts';
import type { Environment } from '../system/machine.ts';
import { checkToken, noToken } from './token-problem.ts';

/** Set in a job with `permissions: { id-token: write }`. */
export const GITHUB_VARIABLES = {
  url: 'ACTIONS_ID_TOKEN_REQUEST_URL',
  token: 'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
} as const;

const TIMEOUT_MS = 10_000;

/** Throws a CliError if this is no job of GitHub Actions, or if it may not have a token. */
export async function tokenFromGithubActions(
  audience: string,
  environment: Environment,
): Promise<string> {
  const requestUrl = environment[GITHUB_VARIABLES.url] ?? '';
  const requestToken = environment[GITHUB_VARIABLES.token] ?? '';
  if (!URL.canParse(requestUrl) || !/^[\x21-\x7e]+$/.test(requestToken)) {
    throw noToken('this is no job of GitHub Actions with "permissions: { id-token: write }".');
  }
  const url = new URL(requestUrl);
  if (url.protocol !== 'https:' && !isLoopbackHost(url.hostname)) {
    throw noToken(`${GITHUB_VARIABLES.url} is no https URL.`);
  }
  url.searchParams.set('audience', audience);
  const answer = await exchange({
    url,
    method: 'GET',
    headers: { Authorization: `Bearer ${requestToken}`, Accept: 'application/json' },
    timeoutMs: TIMEOUT_MS,
  });
  const parsed = parseJsonObject(answer.body);
  const value = parsed.ok ? parsed.value['value'] : undefined;
  if (answer.status !== 200 || typeof value !== 'string') {
    throw noToken(`GitHub Actions answers with status ${answer.status} and without one.`);
  }
  return checkToken(value, 'the answer of GitHub Actions');
}
