/** Checks the media types of a request, and reads its body up to a limit. */
import type { HonoRequest } from 'hono';
import { readBounded } from '../../lib/read-bounded.ts';
import { RefusalError, refuse } from '../../refusal.ts';

/** A request has four short members, so a longer body is no request. */
const MAX_BODY_BYTES = 4096;

/** The media ranges that include JSON, most precise first. */
const JSON_RANGES = ['application/json', 'application/*', '*/*'];

/** Browsers send at most about 200 characters. A longer list is work and no wish. */
const MAX_ACCEPT_LENGTH = 512;

/**
 * Throws `not_acceptable` if the `Accept` header excludes JSON or has more than 512 characters. The
 * most precise range that includes JSON counts (RFC 9110 section 12.5.1).
 */
export function requireJsonAccepted(accept: string | undefined): void {
  if (accept === undefined) return;
  if (accept.length > MAX_ACCEPT_LENGTH) throw refuse({ reason: 'not_acceptable' });
  if (accept.trim() === '') return;
  const accepted = new Map<string, boolean>();
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const isExcluded = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    accepted.set(type, !isExcluded);
  }
  const deciding = JSON_RANGES.find((range) => accepted.has(range));
  if (deciding === undefined || accepted.get(deciding) === false) {
    throw refuse({ reason: 'not_acceptable' });
  }
}

/**
 * Throws `request_malformed` if a GET has a body: to ignore a narrowing there would widen the
 * credential. RFC 9110 section 9.3.1 gives such a body no meaning.
 */
export function requireNoBody(request: HonoRequest): void {
  const declared = request.header('content-length') ?? '0';
  if (Number(declared) !== 0 || request.header('transfer-encoding') !== undefined) {
    throw refuse({ reason: 'request_malformed', problem: 'a GET has a body' });
  }
}

/**
 * Reads a JSON body of at most 4 KiB, and holds little more of it. Throws `media_type_unsupported`,
 * `body_too_large`, and `request_malformed` if the body is incomplete. `incoming` is Node's request: a
 * caller that hangs up before the body is read leaves an empty stream, which must not count as no body.
 */
export async function readJsonBody(
  request: HonoRequest,
  incoming?: { readonly complete?: boolean },
): Promise<Buffer> {
  const declared = request.header('content-length');
  const isStreamed = request.header('transfer-encoding') !== undefined || declared === undefined;
  if (!isStreamed && Number(declared) > MAX_BODY_BYTES) throw tooLarge();
  const reading = isStreamed
    ? readBounded(request.raw.body, MAX_BODY_BYTES, tooLarge)
    : readWhole(request);
  const bytes = await reading.catch(refuseUnfinished);
  if (incoming?.complete === false) throw incomplete();
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

/** Any stream error means that the connection was closed, which is not a defect. */
function refuseUnfinished(error: unknown): never {
  if (error instanceof RefusalError) throw error;
  throw incomplete();
}

function incomplete(): Error {
  return refuse({ reason: 'request_malformed', problem: 'the body is incomplete' });
}

function tooLarge(): Error {
  return refuse({ reason: 'body_too_large', limitBytes: MAX_BODY_BYTES });
}
