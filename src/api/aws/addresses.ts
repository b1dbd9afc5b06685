/** The two addresses of the surface, and which requests to them are its own. */
import type { RequestAddress } from '../http/surface-definition.ts';

/** Where AWS SDKs send `AssumeRoleWithWebIdentity`. The STS-compatible surface has this address too. */
export const WEB_IDENTITY = '/';

/** Where `AWS_CONTAINER_CREDENTIALS_FULL_URI` points. */
export const CONTAINER = '/v1/aws-credentials';

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonParameters.html */
export const VERSION = '2011-06-15';

/**
 * Whether a request is one to AWS. At `/`, requests without a query are: AWS SDKs send a form, and
 * those of Alibaba Cloud send `Action` and `Version` in the query.
 */
export function isToAws({ path, query }: RequestAddress): boolean {
  if (path === CONTAINER) return true;
  if (path !== WEB_IDENTITY) return false;
  return query === '' || new URLSearchParams(query).get('Version') === VERSION;
}
