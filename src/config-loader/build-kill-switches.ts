/** Builds the kill switches that issuers and grants share. */
import type { Grant } from '../config/config.ts';
import type { GrantInput } from './grant-schema.ts';
import type { IssuerInput } from './issuer-schema.ts';
import { buildDeny } from './limits-schema.ts';

/** Leaves out what is off. */
export function buildKillSwitches(
  input: IssuerInput | GrantInput,
): Pick<Grant, 'tokensValidAfter' | 'deny'> {
  const { tokensValidAfter } = input;
  const deny = buildDeny(input.deny);
  return {
    ...(tokensValidAfter === undefined
      ? {}
      : { tokensValidAfter: Math.ceil(Date.parse(tokensValidAfter) / 1000) }),
    ...(deny === undefined ? {} : { deny }),
  };
}
