import { describe, expect, it } from 'vitest';
import { readPlatformCredentials } from '../../src/source-credentials/platform-headers.ts';

const HEADERS = {
  'x-fc-access-key-id': 'STS.NTexampleexample',
  'x-fc-access-key-secret': 'secretsecretsecret',
  'x-fc-security-token': 'tokentokentoken',
};

function read(headers: Readonly<Record<string, string>>) {
  const all = new Headers(headers);
  return readPlatformCredentials((name) => all.get(name) ?? undefined);
}

describe('the credentials in the headers of Function Compute', () => {
  it('are accepted if they are a session of a role', () => {
    expect(read(HEADERS)).toEqual({
      accessKeyId: 'STS.NTexampleexample',
      accessKeySecret: 'secretsecretsecret',
      securityToken: 'tokentokentoken',
    });
  });

  it.each(Object.keys(HEADERS))('are ignored without %s', (missing) => {
    expect(read({ ...HEADERS, [missing]: '' })).toBeUndefined();
  });

  it('are ignored with the AccessKey of a RAM user', () => {
    expect(read({ ...HEADERS, 'x-fc-access-key-id': 'LTAIexample' })).toBeUndefined();
  });
});
