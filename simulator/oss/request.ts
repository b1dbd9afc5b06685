/** Parses a request to the simulated OSS: bucket and key in every addressing style, query, headers and body. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { ossError } from './error.ts';

/** A request without its body. */
export interface OssRequestHead {
  readonly method: string;
  /** Empty for requests to the service itself. */
  readonly bucket: string;
  /** Percent-decoded once. Empty for requests to a bucket. */
  readonly key: string;
  /** True if the path names the bucket: `host/bucket/key`. */
  readonly isPathStyle: boolean;
  /** Decoded. A parameter without a value is the empty string. */
  readonly query: ReadonlyMap<string, string>;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly sourceIp: string;
  readonly isSecure: boolean;
}

export interface OssRequest extends OssRequestHead {
  readonly body: Buffer;
}

/** The bucket of each custom domain, by `host` or `host:port` in lower case. */
export type Cnames = ReadonlyMap<string, string>;

/** Reads everything except the body. Throws an OssError for a URL that cannot be decoded. */
export function readOssHead(incoming: IncomingMessage, cnames: Cnames): OssRequestHead {
  const [target, search = ''] = splitOnce(incoming.url ?? '/', '?');
  const { authority, path } = readTarget(target);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    const text = Array.isArray(value) ? value.join(',') : value;
    // Node reads headers as Latin-1, but clients sign and send UTF-8
    if (text !== undefined) headers[name] = Buffer.from(text, 'latin1').toString('utf8');
  }
  if (authority !== undefined) headers['host'] = authority;
  return {
    method: incoming.method ?? 'GET',
    ...readAddress((headers['host'] ?? '').toLowerCase(), decodeOnce(path), cnames),
    query: readQuery(search),
    headers,
    sourceIp: incoming.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '',
    isSecure: 'encrypted' in incoming.socket,
  };
}

/**
 * Reads the whole body. Throws an OssError if it is too long, but only after the client has sent it:
 * a client that is cut off earlier sees a broken connection and no answer.
 */
export async function readOssBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size <= maxBytes) chunks.push(bytes);
    else chunks.length = 0;
  }
  if (size > maxBytes) throw ossError('EntityTooLarge');
  return Buffer.concat(chunks);
}

/** Decodes once, so that `%252e` is the text `%2e`. Throws an OssError. */
export function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw ossError('InvalidArgument', 'The URL cannot be decoded.');
  }
}

/** The object that CopyObject and UploadPartCopy copy from. */
export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

/** Reads `x-oss-copy-source: /bucket/encoded-key?versionId=…`. Throws an OssError. */
export function readCopySource({ headers }: OssRequestHead): CopySource | undefined {
  const header = headers['x-oss-copy-source'];
  if (header === undefined) return undefined;
  const [path, search = ''] = splitOnce(header, '?');
  const [bucket, key = ''] = splitOnce(decodeOnce(path).replace(/^\//, ''), '/');
  if (bucket === '' || key === '')
    throw ossError('InvalidArgument', 'The copy source is not an object.');
  return { bucket, key, versionId: readQuery(search).get('versionId') };
}

/**
 * A client that takes the simulator for its proxy sends the whole URL, whose host then replaces the
 * header (RFC 9112, section 3.2.2). Throws an OssError.
 */
function readTarget(target: string): { authority: string | undefined; path: string } {
  const [, authority, path] = /^(?:http:\/\/([^/]+))?(\/.*)$/.exec(target) ?? [];
  if (path === undefined) throw ossError('InvalidArgument', 'The URL has no path.');
  // a client may name the usual port there and not in Host, which it has signed
  return { authority: authority?.replace(/:80$/, ''), path };
}

/** The hosts that name no bucket: `s3.` before any domain, since bucket names are longer, and those of a region. */
const ENDPOINT = /^s3\.|^oss-[^.]+\.aliyuncs\.com$/;

/**
 * A custom domain means its bucket. Otherwise the address is `bucket.host/key`, as in every SDK, or
 * `host/bucket/key` if the host is an IP address or a single label such as `localhost`. Nothing is
 * normalised: `..` in a key is two dots. Throws an OssError for `endpoint/bucket`.
 */
function readAddress(
  host: string,
  path: string,
  cnames: Cnames,
): Pick<OssRequestHead, 'bucket' | 'key' | 'isPathStyle'> {
  const hostname = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const bound = cnames.get(host) ?? cnames.get(hostname);
  if (bound !== undefined) return { bucket: bound, key: path.slice(1), isPathStyle: false };
  const [label, rest] = splitOnce(hostname, '.');
  if (isIP(hostname) === 0 && rest !== undefined && !ENDPOINT.test(hostname)) {
    return { bucket: label, key: path.slice(1), isPathStyle: false };
  }
  const [bucket, key = ''] = splitOnce(path.slice(1), '/');
  if (bucket !== '' && ENDPOINT.test(hostname)) throw ossError('SecondLevelDomainForbidden');
  return { bucket, key, isPathStyle: bucket !== '' };
}

function readQuery(search: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const pair of search.split('&')) {
    if (pair === '') continue;
    const [name, value = ''] = splitOnce(pair, '=');
    query.set(decodeOnce(name), decodeOnce(value));
  }
  return query;
}

/** The text before and after the first separator; undefined after it if there is none. */
function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
