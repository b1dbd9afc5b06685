/** Uploads the files whose names it reads, then lists and reads what is there. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import OSS from 'ali-oss';
import { createCredentialSource, forAliOss } from 'oss-token-broker/client';

const source = createCredentialSource({
  url: process.env.BROKER_URL,
  grant: process.env.GRANT,
  getSubjectToken: async () => (await readFile(process.env.SUBJECT_TOKEN_FILE, 'utf8')).trim(),
});
const client = new OSS(await forAliOss(source)); // it asks the source before each request
const { grant } = await source.get();
const where = process.argv[2] ?? grant.targets[0].target;
const [, prefix] = /^oss:\/\/[^/]+\/(.*)$/.exec(where);

for await (const name of createInterface({ input: process.stdin })) {
  const key = prefix + basename(name);
  // in parts if the file is larger than 100 KiB
  await client.multipartUpload(key, name);
  console.log('uploaded', key);
}

let token; // of the next page of the list
do {
  const page = await client.listV2({ prefix, 'continuation-token': token });
  for (const { name } of page.objects ?? []) {
    const { content } = await client.get(name);
    console.log('read', name, content.length);
  }
  token = page.nextContinuationToken;
} while (token);
