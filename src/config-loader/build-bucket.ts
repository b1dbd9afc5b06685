/** Builds a bucket from what the operator wrote. */
import type { Bucket } from '../config/config.ts';
import type { BucketInput } from './config-schema.ts';

export function buildBucket(name: string, input: BucketInput): Bucket {
  const { region, cname } = input;
  return { name, region, cname, endpoint: toEndpoint(region, input.endpoint) };
}

function toEndpoint(region: string, endpoint: string | undefined): string {
  if (endpoint === undefined) return `https://oss-${region}.aliyuncs.com`;
  if (endpoint === 'internal') return `https://oss-${region}-internal.aliyuncs.com`;
  if (endpoint === 'accelerate') return 'https://oss-accelerate.aliyuncs.com';
  // the schema takes whatever URL has no path once it is parsed, such as one that ends in "/any/.."
  return new URL(endpoint).origin;
}
