/** What the tests of `check` share: a config with some grants, and what is found in it. */
import { checkConfig } from '../../src/check/check-config.ts';

export const HEAD = `region: cn-hangzhou
buckets:
  app-media: { region: cn-hangzhou }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [oss-token-broker]
    attributes: { user: { claim: sub } }
grants:
`;
export const ROLE = 'role: acs:ram::123456789012:role/oss-uploader';
export const ALLOW = 'allow: [{ target: "oss://app-media/users/{user}/", permissions: [read] }]';
/** A grant that no rule finds anything in, on lines 10 to 13. */
export const GRANT = `  - name: files
    issuer: app
    ${ROLE}
    ${ALLOW}
`;

export function check(text: string) {
  return checkConfig({ text, file: 'broker.yaml', environment: {} });
}

/** The rules that find something, with their lines. */
export function rulesIn(text: string): readonly string[] {
  return check(text).findings.map(({ rule, line }) => `${rule}:${line}`);
}
