/** Checks the media types of a request, and reads its body up to a limit. */
import type { HonoRequest } from 'hono';
import { readBounded } from '../../lib/read-bounded.ts';
import { RefusalError, refuse } from '../../refusal.ts';

interface BodyRules {
  readonly mediaType: string;
  readonly limitBytes: number;
}

/** A request has four short members, so a longer body is no request. */
const JSON_BODY: BodyRules = { mediaType: 'application/json', limitBytes: 4096 };

/** The subject token is in the body, and has at most 8 KiB. */
const FORM_BODY: BodyRules = {
  mediaType: 'application/x-www-form-urlencoded',
  limitBytes: 16_384,
};

/** The media ranges that include an answer, most precise first. */
const JSON_RANGES = ['application/json', 'application/*', '*/*'];
const XML_RANGES = ['text/xml', 'application/xml', 'text/*', 'application/*', '*/*'];

/** Browsers send at most about 200 characters. Parsing a longer list only costs time. */
const MAX_ACCEPT_LENGTH = 512;

/**
 * Throws `not_acceptable` if the `Accept` header excludes JSON or has more than 512 characters. The
 * most precise range that includes JSON counts (RFC 9110 section 12.5.1).
 */
export function requireJsonAccepted(accept: string | undefined): void {
  requireAccepted(accept, JSON_RANGES);
}

/** The same for XML, by either of its names. */
export function requireXmlAccepted(accept: string | undefined): void {
  requireAccepted(accept, XML_RANGES);
}

function requireAccepted(accept: string | undefined, ranges: readonly string[]): void {
  if (accept === undefined) return;
  if (accept.length > MAX_ACCEPT_LENGTH) throw refuse({ reason: 'not_acceptable' });
  if (accept.trim() === '') return;
  const accepted = new Map<string, boolean>();
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const isExcluded = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    accepted.set(type, !isExcluded);
  }
  const deciding = ranges.find((range) => accepted.has(range));
  if (deciding === undefined || accepted.get(deciding) === false) {
    throw refuse({ reason: 'not_acceptable' });
  }
}

/**
 * Throws `request_malformed` if a GET has a body: ignoring a parameter that narrows would widen the
 * credential. RFC 9110 section 9.3.1 gives such a body no meaning.
 */
export function requireNoBody(request: HonoRequest): void {
  const declared = request.header('content-length') ?? '0';
  if (Number(declared) !== 0 || request.header('transfer-encoding') !== undefined) {
    throw refuse({ reason: 'request_malformed', problem: 'a GET has a body' });
  }
}

/** What the rules read of Node's request. */
interface Incoming {
  readonly complete?: boolean;
}

/** Reads a JSON body of at most 4 KiB. Throws what `readBody` throws. */
export function readJsonBody(request: HonoRequest, incoming?: Incoming): Promise<Buffer> {
  return readBody(request, JSON_BODY, incoming);
}

/** Reads the body of an HTML form, of at most 16 KiB. Throws what `readBody` throws. */
export function readFormBody(request: HonoRequest, incoming?: Incoming): Promise<Buffer> {
  return readBody(request, FORM_BODY, incoming);
}

/**
 * Reads a body, and holds little more of it than the limit. Throws `media_type_unsupported`,
 * `body_too_large`, and `request_malformed` if the body is incomplete. `incoming` is Node's request: a
 * caller that hangs up before the body is read leaves an empty stream, which must not count as no body.
 */
async function readBody(
  request: HonoRequest,
  { mediaType, limitBytes }: BodyRules,
  incoming?: Incoming,
): Promise<Buffer> {
  const tooLarge = () => refuse({ reason: 'body_too_large', limitBytes });
  const declared = request.header('content-length');
  const isStreamed = request.header('transfer-encoding') !== undefined || declared === undefined;
  if (!isStreamed && Number(declared) > limitBytes) throw tooLarge();
  const reading = isStreamed
    ? readBounded(request.raw.body, limitBytes, tooLarge)
    : readWhole(request);
  const bytes = await reading.catch(refuseUnfinished);
  if (incoming?.complete === false) throw incomplete();
  if (bytes.length > 0) requireMediaType(request, mediaType);
  return bytes;
}

function requireMediaType(request: HonoRequest, mediaType: string): void {
  const [type] = (request.header('content-type') ?? '').split(';');
  const isEncoded = request.header('content-encoding') !== undefined;
  if (type?.trim().toLowerCase() !== mediaType || isEncoded) {
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
