import { describe, expect, it } from 'vitest';
import { chooseSourceIps } from '../../src/grants/source-ips.ts';
import { makeGrant } from '../support/config.ts';

describe('the addresses from which a credential works', () => {
  it('are not restricted if the grant does not restrict them', () => {
    expect(chooseSourceIps(makeGrant(), '203.0.113.7')).toStrictEqual({});
  });

  it('are those of the grant, for any caller', () => {
    const grant = makeGrant({ restrict: { https: true, sourceIp: ['10.0.0.0/8'] } });
    expect(chooseSourceIps(grant, '203.0.113.7')).toEqual({ sourceIps: ['10.0.0.0/8'] });
    expect(chooseSourceIps(grant, undefined)).toEqual({ sourceIps: ['10.0.0.0/8'] });
  });

  it('are the address of the caller, who is refused if that is unknown', () => {
    const grant = makeGrant({ restrict: { https: true, sourceIp: 'caller' } });
    expect(chooseSourceIps(grant, '203.0.113.7')).toEqual({ sourceIps: ['203.0.113.7'] });
    expect(() => chooseSourceIps(grant, undefined)).toThrow(
      expect.objectContaining({
        refusal: { reason: 'caller_address_unknown', grant: 'user-files' },
      }),
    );
  });
});
