/** The objects of the simulated OSS, and the multipart uploads that will become some: all in memory. */
import { createHash } from 'node:crypto';

export interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly contentType: string;
  readonly acl: string;
  readonly tagging: string;
  /** `x-oss-meta-…` */
  readonly meta: Readonly<Record<string, string>>;
  readonly modifiedAtMs: number;
}

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly properties: Omit<StoredObject, 'body' | 'etag' | 'modifiedAtMs'>;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string }>;
}

export interface OssObjects {
  get(bucket: string, key: string): StoredObject | undefined;
  put(bucket: string, key: string, object: StoredObject): void;
  delete(bucket: string, key: string): void;
  /** Every key of the bucket, in the order of its UTF-8 bytes. */
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
    keys: (bucket) =>
      [...inBucket(bucket).keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    uploads: new Map(),
  };
}

/** As OSS writes it: the MD5 in upper-case hex, in quotes. */
export function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex').toUpperCase()}"`;
}

/** The ETag of an object made of parts: the MD5 of their MD5s, and their number. */
export function multipartEtagOf(etags: readonly string[]): string {
  const md5s = etags.map((etag) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex').toUpperCase()}-${etags.length}"`;
}
