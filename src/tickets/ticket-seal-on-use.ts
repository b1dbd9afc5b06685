/** Loads the encryption of tickets when the first ticket is sealed or opened. */
import type { TicketSeal } from '../ports.ts';
import type { TicketKey } from './ticket-keys.ts';

/** Makes the seal. `warm` loads it before the first request needs it. */
export function createTicketSealOnUse(
  keys: readonly TicketKey[],
): TicketSeal & { readonly warm: () => Promise<void> } {
  if (keys.length === 0) throw new Error('there is no key for tickets');
  let loading: Promise<TicketSeal> | undefined;

  async function load(): Promise<TicketSeal> {
    const { createTicketSeal } = await import('./ticket-seal.ts');
    return createTicketSeal(keys);
  }

  function loaded(): Promise<TicketSeal> {
    loading ??= load();
    return loading;
  }

  return {
    seal: async (text) => (await loaded()).seal(text),
    open: async (ticket) => (await loaded()).open(ticket),
    warm: async () => {
      await loaded();
    },
  };
}
