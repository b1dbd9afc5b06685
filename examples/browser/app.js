// Signs in, takes files that are dropped, uploads them straight to OSS, and lists what is there.
import { createCredentialSource, forAliOss } from 'oss-token-broker/client';
import { BROKER_URL, GRANT } from './config.js';
import { comeBack, getSubjectToken, signIn } from './sign-in.js';

const show = (id) => document.getElementById(id);
let client;
let prefix;

/** What to say for each code of a refusal; the broker's own sentences are for developers. */
const SENTENCES = {
  no_grant: 'You may not upload files here.',
  subject_token_expired: 'Please sign in again.',
  subject_token_invalid: 'Please sign in again.',
  rate_limited: 'Please wait a moment, and try again.',
  AccessDenied: 'You may not do this.',
};

function tell(error) {
  const { code = '', requestId = '' } = error;
  console.error(code, requestId, error.message);
  show('problem').textContent = SENTENCES[code] ?? `Something went wrong. ${requestId}`;
  show('problem').hidden = false;
}

async function start() {
  if (!(await comeBack())) return;
  show('sign-in').hidden = true;
  const source = createCredentialSource({ url: BROKER_URL, getSubjectToken, grant: GRANT });
  client = new OSS(await forAliOss(source)); // it renews the credential by itself
  prefix = (await source.get()).grant.targets[0].prefix;
  await list();
  show('files').hidden = false;
}

async function list() {
  const rows = [];
  let token; // of the next page of the list
  do {
    const page = await client.listV2({ prefix, 'max-keys': '100', 'continuation-token': token });
    for (const { name, size } of page.objects ?? []) {
      const row = document.createElement('tr');
      row.insertCell().textContent = name.slice(prefix.length);
      row.insertCell().textContent = `${size.toLocaleString('en')} B`;
      rows.push(row);
    }
    token = page.nextContinuationToken;
  } while (token);
  show('list').replaceChildren(...rows);
}

async function upload(file) {
  const line = document.createElement('li');
  const bar = document.createElement('progress');
  const state = document.createElement('span');
  bar.value = 0;
  line.append(file.name, bar, state);
  show('uploads').append(line);
  try {
    await client.multipartUpload(`${prefix}${file.name}`, file, {
      progress: (share) => {
        bar.value = share; // from 0 to 1
      },
    });
    bar.value = 1;
    state.textContent = 'uploaded';
  } catch (error) {
    state.textContent = 'failed';
    tell(error);
  }
}

async function uploadAll(files) {
  show('problem').hidden = true;
  await Promise.all([...files].map(upload));
  await list().catch(tell);
}

show('sign-in').onclick = () => signIn().catch(tell);
show('choose').onchange = ({ target }) => uploadAll(target.files);
show('drop').ondragover = (event) => {
  event.preventDefault();
  show('drop').classList.add('over');
};
show('drop').ondragleave = () => show('drop').classList.remove('over');
show('drop').ondrop = (event) => {
  event.preventDefault();
  show('drop').classList.remove('over');
  uploadAll(event.dataTransfer.files);
};
start().catch(tell);
