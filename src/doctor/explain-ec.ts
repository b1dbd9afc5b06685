/** What the EC codes of OSS mean that callers and operators of a broker meet. */

export interface Explanation {
  readonly meaning: string;
  readonly cause: string;
  readonly fix: string;
  readonly link: string;
}

type Known = Omit<Explanation, 'link'>;

const ROLE_AND_SESSION =
  'a session may do what the role and the session policy both allow; see what the role lacks with oss-token-broker setup --diff, and what the session policy allows with oss-token-broker explain';

const KNOWN: ReadonlyMap<string, Known> = new Map<string, Known>([
  [
    '0002-00000002',
    {
      meaning: 'the AccessKeyId does not belong to the SecurityToken',
      cause:
        'the parts of two credentials are mixed, such as the AccessKey of a RAM user with a SecurityToken',
      fix: 'take AccessKeyId, AccessKeySecret and SecurityToken from the same answer; a temporary AccessKeyId begins with STS.',
    },
  ],
  [
    '0002-00000006',
    {
      meaning: 'the SecurityToken is not valid',
      cause: 'it was cut off, changed or is of another credential',
      fix: 'send it as it came, in the header x-oss-security-token or as the SDK does',
    },
  ],
  [
    '0002-00000007',
    {
      meaning: 'the SecurityToken has expired',
      cause: 'the client kept a credential beyond its Expiration',
      fix: 'ask the broker again after RefreshAfter',
    },
  ],
  [
    '0002-00000040',
    {
      meaning: 'the signature does not match',
      cause:
        'the AccessKeySecret is not that of the AccessKeyId, or something changed the request on its way',
      fix: 'take all parts of the credential from one answer, and let an SDK sign',
    },
  ],
  [
    '0002-00000069',
    {
      meaning: 'the request has expired',
      cause: 'a presigned URL was used after its end',
      fix: 'sign a new one',
    },
  ],
  [
    '0002-00000226',
    {
      meaning: 'the signature is for another region',
      cause: "the client signs for a region that is not the bucket's",
      fix: 'set the region of the bucket in the client; the answer of the broker has it',
    },
  ],
  [
    '0002-00000504',
    {
      meaning: 'the clock of the client is more than 15 minutes off',
      cause: 'OSS compares the time of the signature with its own',
      fix: 'synchronise the clock by NTP',
    },
  ],
  [
    '0002-00000902',
    {
      meaning: 'OSS does not know the AccessKeyId',
      cause:
        'it was deleted or mistyped, or it begins with STS. and was sent without its SecurityToken',
      fix: 'send the SecurityToken with a temporary credential; otherwise use an AccessKey that exists',
    },
  ],
  [
    '0003-00000001',
    {
      meaning: 'nothing allows the request',
      cause: 'the role or the session policy does not allow it, or the request was not signed',
      fix: ROLE_AND_SESSION,
    },
  ],
  [
    '0003-00000101',
    {
      meaning: 'the policy of the bucket denies the request',
      cause: 'a statement with Deny of the bucket policy matches it',
      fix: 'change the bucket policy; no role and no session policy can undo it',
    },
  ],
  [
    '0003-00000201',
    {
      meaning: 'a RAM policy denies the request',
      cause:
        'a statement with Deny on the role matches, such as the one against plain http or public objects',
      fix: ROLE_AND_SESSION,
    },
  ],
  [
    '0003-00000301',
    {
      meaning: 'the session policy denies the request',
      cause: 'the credential was asked for another target or other permissions',
      fix: ROLE_AND_SESSION,
    },
  ],
  [
    '0015-00000101',
    {
      meaning: 'the bucket does not exist',
      cause: 'its name is mistyped, or it was deleted',
      fix: 'correct buckets in the config, or create the bucket',
    },
  ],
]);

/** The first part of an EC names the part of OSS that refused. */
const PARTS: ReadonlyMap<string, string> = new Map([
  ['0002', 'authentication: who signed, and how'],
  ['0003', 'authorization: what a policy or an ACL allows'],
  ['0007', 'uploads with a form'],
  ['0015', 'the bucket'],
  ['0016', 'a header or a parameter of the request'],
  ['0026', 'the object'],
]);

export const EC = /^\d{4}-\d{8}$/;

/** Explains any EC: https://www.alibabacloud.com/help/en/oss/support */
export function explainEc(ec: string): Explanation {
  const link = `https://www.alibabacloud.com/help/en/oss/support/${ec}`;
  const known = KNOWN.get(ec);
  if (known !== undefined) return { ...known, link };
  const part = PARTS.get(ec.slice(0, 4));
  return {
    meaning: part === undefined ? 'a code of OSS that is not known here' : `a refusal of ${part}`,
    cause: 'the page behind the link has it',
    fix: 'the page behind the link has it',
    link,
  };
}
