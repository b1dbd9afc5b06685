/** The steps of the symlink probe: controls whose outcome is known, two questions, and the deletion of what was made. */
import type { OssSession, Outcome } from './oss-session.ts';

export type Answer = 'yes' | 'no' | 'not settled';

export interface ProbeResult {
  /** Whether the session policy applies to the destination of a symbolic link. */
  readonly destination: Answer;
  /** Whether a condition on `oss:x-oss-object-acl` sees the form field of PostObject. */
  readonly formAcl: Answer;
  /** The keys that could not be deleted. */
  readonly left: readonly string[];
}

export interface ProbeOptions {
  /** May do everything below the prefix, and publish. */
  readonly owner: OssSession;
  /** Has read and write on `<prefix>/mine/`, and may not publish: what the broker grants to a caller. */
  readonly caller: OssSession;
  readonly getAnonymously: (key: string) => Promise<Outcome>;
  /** Without a slash at its end. Nothing else uses it. */
  readonly prefix: string;
  /** What the destination holds, so that nothing else can be taken for it. */
  readonly secret: string;
  /** Takes one line for each step. */
  readonly tell: (line: string) => void;
  /** Ends the steps early; what was made is deleted all the same. */
  readonly signal: AbortSignal;
}

const PUBLIC = { 'x-oss-object-acl': 'public-read' };

/** Runs the probe. Deletes what it made whatever happens, and throws what ended it early. */
export async function runProbe(options: ProbeOptions): Promise<ProbeResult> {
  const keys = toKeys(options.prefix);
  let answers: Omit<ProbeResult, 'left'> = { destination: 'not settled', formAcl: 'not settled' };
  let left: readonly string[] = [];
  try {
    const destination = await askAboutDestination(options, keys);
    const formAcl = await askAboutForm(options, keys);
    answers = { destination, formAcl };
  } finally {
    left = await deleteAll(options, Object.values(keys));
  }
  return { ...answers, left };
}

type ProbeKeys = ReturnType<typeof toKeys>;

/** Links come first, so that they are deleted first. */
function toKeys(prefix: string) {
  return {
    linkToTheirs: `${prefix}/mine/link-to-theirs`,
    linkToOwn: `${prefix}/mine/link-to-own`,
    own: `${prefix}/mine/own.txt`,
    theirs: `${prefix}/theirs/secret.txt`,
    formOpen: `${prefix}/theirs/form-public.txt`,
    formPlain: `${prefix}/mine/form.txt`,
    formAsked: `${prefix}/mine/form-public.txt`,
    header: `${prefix}/mine/header-public.txt`,
  };
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/putsymlink leaves this open. */
async function askAboutDestination(options: ProbeOptions, keys: ProbeKeys): Promise<Answer> {
  const { owner, caller, secret } = options;
  const { control, question } = createSteps(options);
  const { theirs, own, linkToOwn, linkToTheirs } = keys;
  const controls = [
    await control('the owner writes the destination', ok, () => owner.put(theirs, secret)),
    await control('the caller writes an object of its own', ok, () => caller.put(own, 'own')),
    await control('the caller reads the destination itself', denied, () => caller.get(theirs)),
    await control('the caller links to its own object', ok, () =>
      caller.putSymlink(linkToOwn, own),
    ),
    await control('the caller reads its own object through the link', content('own'), () =>
      caller.get(linkToOwn),
    ),
    await control('the caller links to the destination', ok, () =>
      caller.putSymlink(linkToTheirs, theirs),
    ),
    await control('the caller reads where the link points', content(theirs), () =>
      caller.getSymlink(linkToTheirs),
    ),
    await control('the owner reads the destination through the link', content(secret), () =>
      owner.get(linkToTheirs),
    ),
  ];
  const seen = await question(
    'the caller reads the destination through the link',
    '403 AccessDenied if the session policy applies to the destination, 200 if not',
    () => caller.get(linkToTheirs),
  );
  if (controls.includes(false)) return 'not settled';
  if (denied.holds(seen)) return 'yes';
  return content(secret).holds(seen) ? 'no' : 'not settled';
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/postobject leaves this open. */
async function askAboutForm(options: ProbeOptions, keys: ProbeKeys): Promise<Answer> {
  const { owner, caller, secret, getAnonymously } = options;
  const { control, question } = createSteps(options);
  const { formOpen, formPlain, formAsked, header } = keys;
  const controls = [
    await control('the owner publishes an object with a form', ok, () =>
      owner.post(formOpen, 'public', PUBLIC),
    ),
    await control('anybody reads that object', content('public'), () => getAnonymously(formOpen)),
    await control('the caller uploads with a form', ok, () => caller.post(formPlain, 'own')),
    await control('the caller publishes an object with a header', denied, () =>
      caller.put(header, 'own', PUBLIC),
    ),
  ];
  const seen = await question(
    'the caller publishes an object with a form',
    '403 AccessDenied if the condition sees the form field, 2xx if not',
    () => caller.post(formAsked, secret, PUBLIC),
  );
  if (controls.includes(false)) return 'not settled';
  if (denied.holds(seen)) return 'yes';
  if (!ok.holds(seen)) return 'not settled';
  const isPublic = await control('anybody reads that object', content(secret), () =>
    getAnonymously(formAsked),
  );
  return isPublic ? 'no' : 'not settled';
}

interface Expectation {
  readonly text: string;
  holds(outcome: Outcome): boolean;
}

const ok: Expectation = { text: '2xx', holds: ({ status }) => status >= 200 && status < 300 };
const denied: Expectation = {
  text: '403 AccessDenied',
  holds: ({ status, code }) => status === 403 && code === 'AccessDenied',
};
const content = (expected: string): Expectation => ({
  text: '200 with what was written',
  holds: ({ status, text }) => status === 200 && text === expected,
});

function createSteps({ tell, signal }: ProbeOptions) {
  return {
    /** Tells whether a step went as expected. */
    async control(what: string, expected: Expectation, step: () => Promise<Outcome>) {
      signal.throwIfAborted();
      const seen = await step();
      const isExpected = expected.holds(seen);
      const mark = isExpected ? 'as expected' : 'UNEXPECTED ';
      tell(`${mark}  ${what}: expected ${expected.text}, seen ${describe(seen)}`);
      return isExpected;
    },
    async question(what: string, expected: string, step: () => Promise<Outcome>) {
      signal.throwIfAborted();
      const seen = await step();
      tell(`question     ${what}: expected ${expected}; seen ${describe(seen)}`);
      return seen;
    },
  };
}

function describe({ status, code }: Outcome): string {
  return [status === 0 ? 'no answer' : String(status), ...(code === undefined ? [] : [code])].join(
    ' ',
  );
}

/** Deletes every key, also those that were perhaps never made: OSS deletes nothing without an error. */
async function deleteAll(
  { owner, tell }: ProbeOptions,
  keys: readonly string[],
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const key of keys) {
    const seen = await owner.delete(key);
    if (ok.holds(seen)) continue;
    left.push(key);
    tell(`NOT DELETED  ${key}: ${describe(seen)}`);
  }
  tell(`deleted      ${keys.length - left.length} of ${keys.length} keys`);
  return left;
}
