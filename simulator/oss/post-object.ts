/** Reads PostObject: an upload from an HTML form whose signed policy limits what may be uploaded. */
import type { SimulatedCloud } from '../cloud.ts';
import type { RequestSignature } from './authenticate.ts';
import { ossError } from './error.ts';
import { checkPostPolicy } from './post-policy.ts';
import type { OssRequest } from './request.ts';
import { signV1 } from './signature-v1.ts';
import { ALGORITHM, checkScope, MAX_LIFE_SECONDS, parseBasicDate, signV4 } from './signature-v4.ts';

/** A parsed form. */
export interface PostForm {
  /** Lower-case names. `key` includes the file's name, and `bucket` is the addressed bucket. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly contentType: string;
  /** In Base64, as it was signed. */
  readonly policy: string;
}

/**
 * Ignores fields after the file, as OSS does.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/postobject. Throws an OssError.
 */
export async function readPostForm({ bucket, headers, body }: OssRequest): Promise<PostForm> {
  const type = headers['content-type'] ?? '';
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => undefined);
  if (form === undefined) throw ossError('MalformedPOSTRequest');
  const fields = new Map<string, string>();
  for (const [name, value] of form) {
    if (typeof value === 'string') fields.set(name.toLowerCase(), value);
    else if (name === 'file') return finish(fields, { bucket, file: value });
  }
  throw ossError('InvalidArgument', 'There is no file in the form.');
}

async function finish(
  fields: Map<string, string>,
  { bucket, file }: { readonly bucket: string; readonly file: File },
): Promise<PostForm> {
  const policy = fields.get('policy');
  // buckets are private, so nobody may post without a signature
  if (policy === undefined) throw ossError('AccessDenied');
  const key = fields.get('key');
  if (key === undefined) throw ossError('InvalidArgument', 'There is no key in the form.');
  const fileName = file.name.replace(/^.*[\\/]/, '');
  fields.set(
    'key',
    key.replaceAll('$' + '{filename}', () => fileName),
  );
  fields.set('bucket', bucket);
  const contentType = fields.get('content-type') ?? (file.type || 'application/octet-stream');
  return { fields, body: Buffer.from(await file.arrayBuffer()), contentType, policy };
}

/** Reads the form's signature, version 1 or 4. Throws an OssError. */
export function readFormSignature(
  { fields, policy }: PostForm,
  region: string | undefined,
): RequestSignature {
  const securityToken = fields.get('x-oss-security-token');
  if (fields.get('x-oss-signature-version') !== ALGORITHM) {
    // a V1 form has no date of its own: its policy has the expiry
    return {
      accessKeyId: fields.get('ossaccesskeyid') ?? '',
      signature: fields.get('signature') ?? '',
      securityToken,
      expiresAtMs: Number.POSITIVE_INFINITY,
      sign: (secret) => signV1(secret, policy),
    };
  }
  const [accessKeyId = '', ...rest] = (fields.get('x-oss-credential') ?? '').split('/');
  const date = fields.get('x-oss-date') ?? '';
  const scope = rest.join('/');
  checkScope({ scope, date }, region);
  const signedAtMs = parseBasicDate(date);
  return {
    accessKeyId,
    signature: fields.get('x-oss-signature') ?? '',
    securityToken,
    signedAtMs,
    expiresAtMs: signedAtMs + MAX_LIFE_SECONDS * 1000,
    sign: (secret) => signV4(secret, scope, policy),
  };
}

/** The upload that a signed form asks for, as a request. Throws an OssError unless its policy allows it. */
export function toUpload(cloud: SimulatedCloud, request: OssRequest, form: PostForm): OssRequest {
  const { fields, body, contentType, policy } = form;
  checkPostPolicy(
    policy,
    { fields, size: body.length, boundFields: boundFields(fields) },
    cloud.now(),
  );
  const headers = {
    ...Object.fromEntries(fields),
    // from the request, so that no field can replace the browser's header
    'user-agent': request.headers['user-agent'] ?? '',
    'content-type': contentType,
  };
  return { ...request, key: fields.get('key') ?? '', headers, body };
}

/** The policy must bind the V4 signature fields, because nothing else signs them. */
function boundFields(fields: ReadonlyMap<string, string>): readonly string[] {
  if (fields.get('x-oss-signature-version') !== ALGORITHM) return [];
  const names = ['x-oss-signature-version', 'x-oss-credential', 'x-oss-date'];
  return fields.has('x-oss-security-token') ? [...names, 'x-oss-security-token'] : names;
}
