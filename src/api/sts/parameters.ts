/** Collects the parameters of a request to STS, which may stand in the query and in a form body. */
import { type Form, parseForm, readOnce } from '../http/form.ts';
import { malformed, toLogged } from '../http/request-members.ts';

/**
 * Parameters that every call of Alibaba Cloud's RPC APIs may have
 * (https://www.alibabacloud.com/help/doc-detail/28759.htm). Those without a meaning here belong to a
 * signature, and this call is not signed.
 */
const COMMON = [
  'Action',
  'Format',
  'Version',
  'RegionId',
  'Timestamp',
  'SignatureMethod',
  'SignatureNonce',
  'SignatureType',
  'SignatureVersion',
];

/** Of AssumeRoleWithOIDC: https://www.alibabacloud.com/help/en/ram/api-assumerolewithoidc */
const OF_THE_ACTION = [
  'OIDCProviderArn',
  'OIDCToken',
  'RoleArn',
  'RoleSessionName',
  'DurationSeconds',
  'Policy',
];

/** `query`: as it was sent, without `?`. Throws `request_malformed`. */
export function parseParameters(query: string, body: Buffer): Form {
  return [...parseForm(Buffer.from(query)), ...parseForm(body)];
}

/**
 * The value of a parameter that must be there. Throws `request_malformed`, with a problem that
 * `isMissing` recognises.
 */
export function readRequired(sent: Form, name: string): string {
  const value = readOnce(sent, name);
  if (value === undefined || value === '') throw malformed(missing(name), name);
  return value;
}

const missing = (name: string) => `${name} is missing`;

/** Whether a refusal says that a parameter is not there, and not that it is wrong. */
export function isMissing(problem: string, name: string): boolean {
  return problem === missing(name);
}

/**
 * Throws `request_malformed` for a parameter that is unknown or repeated. To ignore one that narrows
 * would widen the credential; to ignore a signature would look as if it had been checked.
 */
export function requireKnown(sent: Form): void {
  const known = new Set([...COMMON, ...OF_THE_ACTION]);
  for (const [name] of sent) {
    if (!known.has(name)) {
      throw malformed('the request has an unknown or repeated parameter', toLogged(name));
    }
    known.delete(name);
  }
}
