/** A request to the simulated OSS, read once: which bucket and key, in whichever way they are addressed. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { ossError } from './oss-error.ts';

export interface OssRequest {
  readonly method: string;
  /** Empty for requests to the service itself. */
  readonly bucket: string;
  /** Percent-decoded once. Empty for requests to a bucket. */
  readonly key: string;
  /** Decoded. A parameter without a value is the empty string. */
  readonly query: ReadonlyMap<string, string>;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly isSecure: boolean;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Reads a request whole. Throws an OssError for a body that is too large or a path that cannot be decoded. */
export async function readOssRequest(incoming: IncomingMessage): Promise<OssRequest> {
  const [path = '/', search = ''] = splitOnce(incoming.url ?? '/', '?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return {
    method: incoming.method ?? 'GET',
    ...readAddress(headers['host'] ?? '', decode(path)),
    query: readQuery(search),
    headers,
    body: await readBody(incoming),
    sourceIp: incoming.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '',
    isSecure: 'encrypted' in incoming.socket,
  };
}

/**
 * `bucket.host/key`, as clients of every SDK ask; or `host/bucket/key` where the host is a bare
 * address or `localhost`, since nothing can stand before an IP address.
 */
function readAddress(host: string, path: string): { bucket: string; key: string } {
  const hostname = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const [label = '', rest] = splitOnce(hostname, '.');
  if (isIP(hostname) === 0 && rest !== undefined) return { bucket: label, key: path.slice(1) };
  const [bucket = '', key = ''] = splitOnce(path.slice(1), '/');
  return { bucket, key };
}

function readQuery(search: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const pair of search.split('&')) {
    if (pair === '') continue;
    const [name = '', value = ''] = splitOnce(pair, '=');
    query.set(decode(name), decode(value));
  }
  return query;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw ossError('InvalidArgument', 'The URL cannot be decoded.');
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BODY_BYTES) throw ossError('EntityTooLarge');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** The text before and after the first separator; nothing after if it is not there. */
function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
