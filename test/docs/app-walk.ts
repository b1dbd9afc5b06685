/** The steps of docs/apps.md, and the page that does them in their order. */
import { toModule } from './browser-snippet.ts';
import { type Block, blockWith } from './pages.ts';

const PAGE = 'docs/apps.md';

export const STEPS = {
  signIn: blockWith(PAGE, 'js', 'code_challenge'),
  progress: blockWith(PAGE, 'js', 'progressBar'),
  list: blockWith(PAGE, 'js', 'listV2'),
} as const satisfies Readonly<Record<string, Block>>;

/** What an app has around the steps, and what the test reads when they are done. */
const WALK = `
import { getSubjectToken } from '/sign-in.mjs';
const file = new Blob([new Uint8Array(300_000)]);
const progressBar = { value: 0 };
Object.assign(globalThis, { getSubjectToken, file });
const { client, prefix } = await import('/example.mjs');
${STEPS.progress.text}
${STEPS.list.text}
globalThis.walked = { prefix, listed, progress: progressBar.value, again: () =>
  client.put(prefix + 'note.txt', new Blob(['x'])).then(() => 'uploaded', (error) => error.code) };
`;

/** The modules of the app by their path, for this broker and this issuer. */
export function appModules(around: {
  readonly brokerUrl: string;
  readonly issuer: string;
  readonly clientId: string;
}): Readonly<Record<string, string>> {
  const signIn = replaceLine(
    replaceLine(STEPS.signIn.text, 'ISSUER', around.issuer),
    'CLIENT_ID',
    around.clientId,
  );
  const example = toModule(blockWith('README.md', 'js', "from 'ali-oss'"), around.brokerUrl);
  return { '/sign-in.mjs': signIn, '/example.mjs': example, '/walk.mjs': WALK };
}

/** Sets a constant that every app has a value of its own for. */
function replaceLine(text: string, name: string, value: string): string {
  const line = new RegExp(`^const ${name} = .*;$`, 'm');
  if (!line.test(text)) throw new Error(`the step must set ${name}`);
  return text.replace(line, () => `const ${name} = ${JSON.stringify(value)};`);
}
