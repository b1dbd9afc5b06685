/** What a request must look like before its content is read: media types, and the size of its body. */
import type { HonoRequest } from 'hono';
import { readBounded } from '../../lib/read-bounded.ts';
import { RefusalError, refuse } from '../../refusal.ts';

/** A request has four short members; nothing that is longer is one. */
const MAX_BODY_BYTES = 4096;

/** The media ranges that include JSON, the most precise first. */
const JSON_RANGES = ['application/json', 'application/*', '*/*'];

/**
 * Throws `not_acceptable` if the `Accept` header rules JSON out. The most precise range that
 * includes JSON counts (RFC 9110 section 12.5.1).
 */
export function requireJsonAccepted(accept: string | undefined): void {
  if (accept === undefined || accept.trim() === '') return;
  const isWanted = new Map<string, boolean>();
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const isRuledOut = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    isWanted.set(type, !isRuledOut);
  }
  const counting = JSON_RANGES.find((range) => isWanted.has(range));
  if (counting === undefined || isWanted.get(counting) === false) {
    throw refuse({ reason: 'not_acceptable' });
  }
}

/**
 * Reads a JSON body of at most 4 KiB, without ever holding more of it. Throws
 * `media_type_unsupported`, `body_too_large`, and `request_malformed` if it does not come whole.
 */
export async function readJsonBody(request: HonoRequest): Promise<Buffer> {
  const declared = request.header('content-length');
  const isStreamed = request.header('transfer-encoding') !== undefined || declared === undefined;
  if (!isStreamed && Number(declared) > MAX_BODY_BYTES) throw tooLarge();
  const reading = isStreamed
    ? readBounded(request.raw.body, MAX_BODY_BYTES, tooLarge)
    : readWhole(request);
  const bytes = await reading.catch(refuseUnfinished);
  if (bytes.length > 0) requireJson(request);
  return bytes;
}

function requireJson(request: HonoRequest): void {
  const [type] = (request.header('content-type') ?? '').split(';');
  const isEncoded = request.header('content-encoding') !== undefined;
  if (type?.trim().toLowerCase() !== 'application/json' || isEncoded) {
    throw refuse({ reason: 'media_type_unsupported' });
  }
}

async function readWhole(request: HonoRequest): Promise<Buffer> {
  return Buffer.from(await request.arrayBuffer());
}

/** The caller has hung up, or was cut off: no defect, whatever the stream throws. */
function refuseUnfinished(error: unknown): never {
  if (error instanceof RefusalError) throw error;
  throw refuse({ reason: 'request_malformed', problem: 'the body does not come whole' });
}

function tooLarge(): Error {
  return refuse({ reason: 'body_too_large', limitBytes: MAX_BODY_BYTES });
}
