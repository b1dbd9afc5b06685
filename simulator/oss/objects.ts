/** Stores the objects and the pending multipart uploads of the simulated OSS in memory. */
import { createHash } from 'node:crypto';
import { crc64Of } from './crc64.ts';

/** What an upload sets besides the content. */
export interface ObjectProperties {
  readonly contentType: string;
  /** `default`, `private`, `public-read` or `public-read-write`. */
  readonly acl: string;
  /** A Tagging document, or empty. */
  readonly tagging: string;
  /** `x-oss-meta-…` and the HTTP headers that are stored with an object, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface StoredObject extends ObjectProperties {
  /** Empty for a symbolic link. */
  readonly body: Buffer;
  readonly etag: string;
  readonly crc64: string;
  readonly modifiedAtMs: number;
  /** The key that a symbolic link points to; absent for any other object. */
  readonly symlinkTarget?: string;
  /** True if AppendObject made it. */
  readonly isAppendable?: boolean;
}

export interface Part {
  readonly body: Buffer;
  readonly etag: string;
  readonly crc64: string;
  readonly modifiedAtMs: number;
}

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly properties: ObjectProperties;
  readonly initiatedAtMs: number;
  readonly parts: Map<number, Part>;
}

export interface OssObjects {
  get(bucket: string, key: string): StoredObject | undefined;
  put(bucket: string, key: string, object: StoredObject): void;
  delete(bucket: string, key: string): void;
  /** Every key of the bucket, sorted by UTF-8 bytes. */
  keys(bucket: string): readonly string[];
  readonly uploads: Map<string, Upload>;
}

/** Makes an empty store. */
export function createOssObjects(): OssObjects {
  const buckets = new Map<string, Map<string, StoredObject>>();
  const inBucket = (bucket: string) => {
    const objects = buckets.get(bucket) ?? new Map<string, StoredObject>();
    buckets.set(bucket, objects);
    return objects;
  };
  return {
    get: (bucket, key) => inBucket(bucket).get(key),
    put: (bucket, key, object) => void inBucket(bucket).set(key, object),
    delete: (bucket, key) => void inBucket(bucket).delete(key),
    keys: (bucket) => [...inBucket(bucket).keys()].sort(compareKeys),
    uploads: new Map(),
  };
}

/** OSS sorts keys by UTF-8 bytes; JavaScript compares UTF-16 code units. */
export function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** An object from a single upload. */
export function toObject(
  body: Buffer,
  properties: ObjectProperties,
  modifiedAtMs: number,
): StoredObject {
  const { contentType, acl, tagging, headers } = properties;
  const kept = { contentType, acl, tagging, headers };
  return { ...kept, body, etag: etagOf(body), crc64: crc64Of(body), modifiedAtMs };
}

/** The type as `x-oss-object-type` and lists name it. */
export function typeOf({ symlinkTarget, isAppendable, etag }: StoredObject): string {
  if (symlinkTarget !== undefined) return 'Symlink';
  if (isAppendable === true) return 'Appendable';
  return etag.includes('-') ? 'Multipart' : 'Normal';
}

/** The ETag in the form of OSS: the MD5 in upper-case hex, in quotes. */
export function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex').toUpperCase()}"`;
}

/** The ETag of an object made of parts: the MD5 of their MD5s, and the number of parts. */
export function multipartEtagOf(etags: readonly string[]): string {
  const md5s = etags.map((etag) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex').toUpperCase()}-${etags.length}"`;
}
