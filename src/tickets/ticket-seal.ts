/** Encrypts tickets as compact JWE (RFC 7516), and opens those that this broker made. */
import { CompactEncrypt, compactDecrypt, errors } from 'jose';
import type { TicketSeal } from '../ports.ts';
import { refuse } from '../refusal.ts';
import type { TicketKey } from './ticket-keys.ts';

const ALGORITHM = 'dir';
const ENCRYPTION = 'A256GCM';
/** Function Compute takes a path and query of at most 4 KB; the rest is for the path around a ticket. */
const MAX_TICKET_LENGTH = 4000;

/** Makes the seal. The first key encrypts; every key decrypts. */
export function createTicketSeal(keys: readonly TicketKey[]): TicketSeal {
  const [first] = keys;
  if (first === undefined) throw new Error('there is no key for tickets');
  // Looked up by the whole header as it was written: no other alg, enc, zip, crit or p2c is ever parsed.
  const byHeader = new Map(keys.map((key) => [writeHeader(key.id), key]));

  return {
    async seal(text) {
      const ticket = await new CompactEncrypt(new TextEncoder().encode(text))
        .setProtectedHeader(headerOf(first.id))
        .encrypt(first.key);
      const { length } = ticket;
      if (length <= MAX_TICKET_LENGTH) return ticket;
      throw refuse({ reason: 'ticket_too_large', length, limit: MAX_TICKET_LENGTH });
    },

    async open(ticket) {
      if (ticket.length > MAX_TICKET_LENGTH) throw invalid('is too long');
      const [header = '', encryptedKey, ...rest] = ticket.split('.', 6);
      if (encryptedKey !== '' || rest.length !== 3 || !rest.every(isCanonical)) {
        throw invalid('is not a compact JWE without an encrypted key');
      }
      const known = byHeader.get(header);
      if (known === undefined) {
        throw invalid(
          'has a header that this broker does not write, or a key that the config does not name',
        );
      }
      try {
        const { plaintext } = await compactDecrypt(ticket, known.key, {
          keyManagementAlgorithms: [ALGORITHM],
          contentEncryptionAlgorithms: [ENCRYPTION],
        });
        return new TextDecoder().decode(plaintext);
      } catch (error) {
        if (error instanceof errors.JOSEError) throw invalid('does not decrypt');
        throw error;
      }
    },
  };
}

function headerOf(keyId: string) {
  return { alg: ALGORITHM, enc: ENCRYPTION, kid: keyId };
}

function writeHeader(keyId: string): string {
  return Buffer.from(JSON.stringify(headerOf(keyId))).toString('base64url');
}

/** One ticket has one spelling (RFC 4648 section 3.5). */
function isCanonical(segment: string): boolean {
  return segment !== '' && Buffer.from(segment, 'base64url').toString('base64url') === segment;
}

function invalid(problem: string) {
  return refuse({ reason: 'ticket_invalid', problem: `the ticket ${problem}` });
}
