/** Chooses the addresses from which a credential works, if its grant restricts them. */
import type { Grant } from '../config/config.ts';
import { refuse } from '../refusal.ts';

/** Throws the refusal `caller_address_unknown` instead of omitting the restriction. */
export function chooseSourceIps(
  grant: Grant,
  callerAddress: string | undefined,
): { readonly sourceIps?: readonly string[] } {
  const { sourceIp } = grant.restrict;
  if (sourceIp === undefined) return {};
  if (sourceIp !== 'caller') return { sourceIps: sourceIp };
  if (callerAddress === undefined) {
    throw refuse({ reason: 'caller_address_unknown', grant: grant.name });
  }
  return { sourceIps: [callerAddress] };
}
