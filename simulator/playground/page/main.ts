/** The page of the playground: edits a config, signs in, shows the decision, and tries the credential. */
import type { Asked, Tree } from '../answer.ts';
import { createCallerForm } from './caller-form.ts';
import { createConfigEditor } from './config-editor.ts';
import { find } from './dom.ts';
import { createOperations } from './operations.ts';
import { ask, check, fetchStart, fetchTree } from './server.ts';
import { showDecision, showNoDecision } from './show-decision.ts';
import { showTree } from './show-tree.ts';

const { file, text: initial } = await fetchStart();
find('file', HTMLElement).textContent = file;

/** Of the newest question; an older answer is thrown away. */
let turn = 0;
let newest: Asked | undefined;

const editor = createConfigEditor(initial, () => void checkConfig());
const caller = createCallerForm(() => void askBroker());
const operations = createOperations(() => void refreshTree());

async function checkConfig(): Promise<void> {
  turn += 1;
  const own = turn;
  const checked = await check(editor.text());
  if (own !== turn) return;
  editor.showProblems(checked.problems, checked.warnings);
  if (checked.problems.length > 0) {
    showNoDecision('The config does not load. This is the decision before.');
    return;
  }
  caller.offer(checked);
  await askBroker();
}

async function askBroker(): Promise<void> {
  const question = caller.read();
  if (question === undefined) {
    showNoDecision('The claims are no JSON. This is the decision before.');
    return;
  }
  turn += 1;
  const own = turn;
  try {
    const asked = await ask({ text: editor.text(), ...question });
    if (own !== turn) return;
    newest = asked;
    showDecision(asked);
    await refreshTree();
  } catch (error) {
    if (own === turn) showNoDecision(error instanceof Error ? error.message : 'It failed.');
  }
}

async function refreshTree(): Promise<void> {
  if (newest === undefined) return;
  const asked = newest;
  const { keys, targets } = asked;
  const tree: Tree = await fetchTree({ accessKeyId: keys?.accessKeyId, targets });
  if (asked !== newest) return;
  showTree(tree, keys !== undefined, operations.choose);
  operations.use(asked, tree);
}

await checkConfig();
document.documentElement.dataset['state'] = 'ready';
