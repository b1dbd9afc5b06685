/**
 * Runs in a process of its own: uses OSS with the AWS SDK, to which nothing is said in code. Prints what
 * happened as JSON. Its argument is the user, whose prefix is `users/<user>/`.
 */
import { randomBytes } from 'node:crypto';
import dns from 'node:dns';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

resolveLocalhost();

const Bucket = 'app-media';
const prefix = `users/${process.argv[2]}/`;
const s3 = new S3Client();
const large = randomBytes(6 * 1024 * 1024);

const results = {
  put: await outcome(async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: `${prefix}a.txt`, Body: 'hello' }));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: `${prefix}a.txt` }));
    return Body?.transformToString();
  }),
  multipart: await outcome(async () => {
    const Key = `${prefix}large`;
    await new Upload({ client: s3, params: { Bucket, Key, Body: large } }).done();
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return large.equals((await Body?.transformToByteArray()) ?? new Uint8Array());
  }),
  list: await outcome(async () => {
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }));
    return Contents?.map(({ Key }) => Key);
  }),
  presign: await outcome(async () => {
    const command = new GetObjectCommand({ Bucket, Key: `${prefix}a.txt` });
    const response = await fetch(await getSignedUrl(s3, command, { expiresIn: 60 }));
    return response.text();
  }),
  neighbour: await outcome(() =>
    s3.send(new PutObjectCommand({ Bucket, Key: 'users/neighbour/a.txt', Body: 'x' })),
  ),
  neighbourList: await outcome(() =>
    s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'users/neighbour/' })),
  ),
};
process.stdout.write(JSON.stringify(results));

/** The result, or the name of the error. */
async function outcome(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** Real buckets have names in DNS. Those of the simulator have none on every machine. */
function resolveLocalhost(): void {
  const { lookup } = dns;
  Object.assign(dns, {
    lookup(hostname: string, ...rest: unknown[]) {
      const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost');
      Reflect.apply(lookup, dns, [isLocal ? '127.0.0.1' : hostname, ...rest]);
    },
  });
}
