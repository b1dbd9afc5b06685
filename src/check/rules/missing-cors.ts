/** Finds configs that pages of browsers probably call, and that name no origin. */
import type { Grant, TrustedIssuer } from '../../config/config.ts';
import type { Rule } from '../finding.ts';

/** Where people sign in. Jobs and pods have issuers of their own, which are not here. */
const SIGN_IN =
  /^https:\/\/(?:[^/]+\.(?:auth0\.com|okta\.com|oktapreview\.com|clerk\.accounts\.dev|supabase\.co|b2clogin\.com|ciamlogin\.com|authing\.cn|aliyunidaas\.com)\/|cognito-idp\.[^/]+\.amazonaws\.com\/|securetoken\.google\.com\/|accounts\.google\.com\/|login\.microsoftonline\.com\/|clerk\.[^/]+\/|[^/]+\/(?:auth\/)?realms\/)/;

export const missingCors: Rule = {
  id: 'missing-cors',
  severity: 'note',
  summary: 'No page of a browser can call the broker while cors.origins is empty',
  find({ cors, grants, issuers }) {
    if (cors.origins.length > 0) return [];
    const index = issuers.findIndex(
      (issuer) =>
        SIGN_IN.test(`${issuer.issuer}/`) && grants.some((grant) => isForUsers(grant, issuer)),
    );
    if (index === -1) return [];
    return [
      {
        path: ['issuers', index],
        reason:
          'is an issuer where people sign in, and there is no cors.origins, so a browser lets no page read an answer of the broker',
        fix: 'add e.g. cors: { origins: [https://app.example.com] }, unless only apps and servers call the broker',
      },
    ];
  },
};

/** A place for each subject is a place for each user. */
function isForUsers({ issuer, allow }: Grant, { name, attributes }: TrustedIssuer): boolean {
  const ofSubject = attributes.filter(({ claim }) => claim.join('.') === 'sub');
  const isOfSubject = (attribute: string) => ofSubject.some((rule) => rule.name === attribute);
  return (
    issuer === name &&
    allow.some(({ target }) =>
      target.key.some((part) => typeof part !== 'string' && isOfSubject(part.attribute)),
    )
  );
}
