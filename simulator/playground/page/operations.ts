/** Tries operations on OSS with the credential and ali-oss, and shows what OSS answers. */
import type { Asked, Place, Tree } from '../answer.ts';
import { find, make, setChoices } from './dom.ts';

const MAX_SHOWN = 12;
const MAX_CHARACTERS = 300;
const DAY_MS = 86_400_000;

export interface Operations {
  /** What there is to try, with the newest credential, if there is one. */
  readonly use: (asked: Asked, tree: Tree) => void;
  readonly choose: (place: Place) => void;
}

/** `onDone` is called after an operation that may have changed what is stored. */
export function createOperations(onDone: () => void): Operations {
  const form = find('operations-form', HTMLFormElement);
  const bucket = find('bucket', HTMLSelectElement);
  const key = find('key', HTMLInputElement);
  const content = find('content', HTMLInputElement);
  const verdict = find('verdict', HTMLElement);
  const history = find('history', HTMLElement);
  const own = find('own-key', HTMLButtonElement);
  const neighbour = find('neighbour-key', HTMLButtonElement);
  let asked: Asked | undefined;
  let places: readonly Place[] = [];

  function createClient(): OssClient | undefined {
    if (asked?.keys === undefined) return undefined;
    const { keys, oss } = asked;
    const { accessKeyId, accessKeySecret, securityToken: stsToken } = keys;
    return new OSS({
      accessKeyId,
      accessKeySecret,
      stsToken,
      refreshSTSToken: async () => ({ accessKeyId, accessKeySecret, stsToken }),
      refreshSTSTokenInterval: DAY_MS,
      bucket: bucket.value,
      region: `oss-${oss.regions[bucket.value] ?? ''}`,
      endpoint: oss.endpoint,
      authorizationV4: true,
    });
  }

  /** What OSS says of it. Throws its refusal. */
  async function perform(client: OssClient, name: string): Promise<string> {
    switch (name) {
      case 'get': {
        const { content: bytes } = await client.get(key.value);
        return new TextDecoder().decode(bytes).slice(0, MAX_CHARACTERS);
      }
      case 'put':
        await client.put(key.value, new Blob([content.value], { type: 'text/plain' }));
        return 'It is stored.';
      case 'list': {
        // ali-oss signs an empty prefix, and does not send it
        const prefix = key.value === '' ? {} : { prefix: key.value };
        const { objects = [] } = await client.listV2({ ...prefix, 'max-keys': '20' });
        const names = objects.map((object) => object.name).join(', ');
        return names === '' ? 'Nothing is there.' : names;
      }
      default:
        await client.delete(key.value);
        return 'It is gone, if it was there.';
    }
  }

  async function run(name: string): Promise<void> {
    const client = createClient();
    const what = `${name} oss://${bucket.value}/${key.value}`;
    if (client === undefined) return say('bad', what, 'There is no credential to try it with.');
    if (key.value === '' && name !== 'list') return say('bad', what, 'Write a key first.');
    verdict.textContent = `${what} …`;
    try {
      say('ok', what, `OSS allows it. ${await perform(client, name)}`);
    } catch (error) {
      say('bad', what, describeError(error));
    }
    onDone();
  }

  function say(kind: 'ok' | 'bad', what: string, how: string): void {
    const symbol = kind === 'ok' ? '✓' : '✕';
    verdict.className = `verdict ${kind}`;
    verdict.replaceChildren(make('strong', '', `${symbol} ${what}`), ' ', make('span', '', how));
    history.prepend(make('li', kind, make('code', '', `${symbol} ${what}`), make('span', '', how)));
    while (history.children.length > MAX_SHOWN) history.lastElementChild?.remove();
  }

  function fill(place: Place | undefined): void {
    if (place === undefined) return;
    bucket.value = place.bucket;
    key.value = place.key;
  }

  const findOwn = () =>
    places.find(({ isStored, may }) => isStored && (may.read || may.write)) ??
    places.find(({ may }) => may.read || may.write || may.list);
  const findNeighbour = () =>
    places.find(
      ({ isStored, may }) => isStored && !(may.read || may.write || may.list || may.delete),
    );

  own.addEventListener('click', () => fill(findOwn()));
  neighbour.addEventListener('click', () => fill(findNeighbour()));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const { submitter } = event;
    void run(submitter instanceof HTMLButtonElement ? submitter.value : 'get');
  });

  return {
    use(newest, tree) {
      const isForOthers = String(newest.targets) !== String(asked?.targets);
      asked = newest;
      places = tree.places;
      setChoices(
        bucket,
        places.filter(({ kind }) => kind === 'bucket').map(({ name }) => [name, name]),
      );
      own.disabled = findOwn() === undefined;
      neighbour.disabled = findNeighbour() === undefined;
      if (isForOthers) fill(findOwn());
    },
    choose(place) {
      fill(place);
      key.focus();
    },
  };
}

/** As ali-oss tells a refusal of OSS. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return 'It failed.';
  const text = (name: string) => String(Reflect.get(error, name) ?? '');
  const status = text('status');
  const isFromOss = Number(status) > 0;
  if (!isFromOss) return `OSS could not be reached. ${error.message}`;
  const ec = text('ecCode');
  return `OSS refuses: ${status} ${text('code')}${ec === '' ? '' : `, EC ${ec}`}. ${error.message}`;
}
