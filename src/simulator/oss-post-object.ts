/** PostObject: an upload from an HTML form, whose signed policy bounds what may be uploaded. */
import type { Identity, SimulatedCloud } from './cloud.ts';
import { checkSignature } from './oss-authenticate.ts';
import { ossError } from './oss-error.ts';
import type { OssRequest } from './oss-request.ts';
import { signV1 } from './oss-signature-v1.ts';
import { parseBasicDate, signV4 } from './oss-signature-v4.ts';

/** A form, taken apart and found to keep to its policy. */
export interface PostedObject {
  readonly identity: Identity;
  readonly key: string;
  readonly body: Buffer;
  /** The form's fields as headers, for what they say of the object. */
  readonly headers: Readonly<Record<string, string>>;
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/postobject. Throws an OssError. */
export async function readPostedObject(
  cloud: SimulatedCloud,
  request: OssRequest,
): Promise<PostedObject> {
  const { fields, file } = await readForm(request);
  const policy = fields.get('policy');
  if (policy === undefined) throw ossError('AccessDenied');
  const identity = checkFormSignature(cloud, fields, policy);
  const fileName = file.name.replace(/^.*[\\/]/, '');
  const key = (fields.get('key') ?? '').replaceAll('$' + '{filename}', fileName);
  const body = Buffer.from(await file.arrayBuffer());
  checkPolicy(policy, {
    cloud,
    fields: new Map([...fields, ['key', key], ['bucket', request.bucket]]),
    size: body.length,
  });
  const headers = { 'content-type': file.type, ...Object.fromEntries(fields) };
  return { identity, key, body, headers };
}

async function readForm({ body, headers }: OssRequest) {
  const type = headers['content-type'] ?? '';
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => undefined);
  const file = form?.get('file');
  if (form === undefined || !(file instanceof File))
    throw ossError('InvalidArgument', 'There is no file in the form.');
  const fields = new Map<string, string>();
  for (const [name, value] of form) {
    if (typeof value === 'string') fields.set(name.toLowerCase(), value);
  }
  return { fields, file };
}

function checkFormSignature(
  cloud: SimulatedCloud,
  fields: ReadonlyMap<string, string>,
  policy: string,
): Identity {
  const securityToken = fields.get('x-oss-security-token');
  if (fields.get('x-oss-signature-version') === 'OSS4-HMAC-SHA256') {
    const credential = fields.get('x-oss-credential') ?? '';
    const slash = credential.indexOf('/');
    return checkSignature(
      cloud,
      {
        accessKeyId: credential.slice(0, slash),
        signature: fields.get('x-oss-signature') ?? '',
        securityToken,
        signedAtMs: parseBasicDate(fields.get('x-oss-date') ?? ''),
      },
      (secret) => signV4(secret, credential.slice(slash + 1), policy),
    );
  }
  const accessKeyId = fields.get('ossaccesskeyid') ?? '';
  const signature = fields.get('signature') ?? '';
  // a V1 form has no date of its own: its policy says until when it is good
  const claimed = { accessKeyId, signature, securityToken, signedAtMs: cloud.now() };
  return checkSignature(cloud, claimed, (secret) => signV1(secret, policy));
}

function checkPolicy(
  policy: string,
  upload: {
    readonly cloud: SimulatedCloud;
    readonly fields: ReadonlyMap<string, string>;
    readonly size: number;
  },
): void {
  const document = parsePolicy(policy);
  if (!(upload.cloud.now() < Date.parse(document.expiration)))
    throw ossError('AccessDenied', 'Policy expired.');
  for (const condition of document.conditions) {
    if (!holds(condition, upload)) {
      throw ossError('AccessDenied', `Invalid according to Policy: ${JSON.stringify(condition)}`);
    }
  }
}

function parsePolicy(policy: string): { expiration: string; conditions: readonly unknown[] } {
  try {
    const document: unknown = JSON.parse(Buffer.from(policy, 'base64').toString());
    if (typeof document === 'object' && document !== null && 'conditions' in document) {
      const { conditions } = document;
      const expiration = 'expiration' in document ? String(document.expiration) : '';
      if (Array.isArray(conditions)) return { expiration, conditions };
    }
  } catch {
    // told below
  }
  throw ossError('InvalidPolicyDocument');
}

function holds(
  condition: unknown,
  { fields, size }: { readonly fields: ReadonlyMap<string, string>; readonly size: number },
): boolean {
  if (!Array.isArray(condition)) {
    if (typeof condition !== 'object' || condition === null) return false;
    return Object.entries(condition).every(
      ([name, value]) => fields.get(name.toLowerCase()) === value,
    );
  }
  const [operator, first, second] = condition;
  if (operator === 'content-length-range') return size >= Number(first) && size <= Number(second);
  const value = fields.get(String(first).replace(/^\$/, '').toLowerCase()) ?? '';
  if (operator === 'eq') return value === second;
  if (operator === 'starts-with') return value.startsWith(String(second));
  if (operator === 'in') return Array.isArray(second) && second.includes(value);
  if (operator === 'not-in') return Array.isArray(second) && !second.includes(value);
  return false;
}
