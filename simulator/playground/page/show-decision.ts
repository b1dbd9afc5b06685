/** Shows a decision: its steps, the grants that were compared, the session policy, and what was told to whom. */
import type { Asked, GrantFate, Step, StepName } from '../answer.ts';
import { find, make, sign } from './dom.ts';

const SIGNS: Readonly<Record<Step['state'], string>> = {
  passed: '✓',
  refused: '✕',
  'not reached': '·',
};
const TITLES: Readonly<Record<StepName, string>> = {
  verify: 'Verify the subject token',
  'limit the caller': 'Limit the caller, read the request',
  match: 'Match the grant',
  narrow: 'Narrow it to the request',
  render: 'Render the session policy',
  'limit the request': 'Limit the request',
  assume: 'Assume the role',
  record: 'Record the audit line',
};

export function showDecision(asked: Asked): void {
  const refused = asked.steps.find(({ state }) => state === 'refused');
  const outcome = find('outcome', HTMLElement);
  const isGranted = asked.outcome === 'granted';
  outcome.className = `badge ${isGranted ? 'ok' : 'bad'}`;
  outcome.textContent = isGranted ? '✓ Granted' : `✕ Refused: ${refused?.says[0] ?? 'no reason'}`;
  find('steps', HTMLElement).replaceChildren(
    ...asked.steps.map((step) => toStep(step, step.name === 'match' ? asked.grants : [])),
  );
  showPolicy(asked);
  // a refusal leaves room for it, and is what it is read for
  if (!isGranted) find('told', HTMLDetailsElement).open = true;
  find('answer', HTMLElement).textContent = `${asked.answer.status}\n${asked.answer.text}`;
  find('audit', HTMLElement).textContent = asked.audit;
}

/** Says why there is no new decision. */
export function showNoDecision(why: string): void {
  const outcome = find('outcome', HTMLElement);
  outcome.className = 'badge warn';
  outcome.textContent = `! ${why}`;
}

function toStep({ name, state, says }: Step, grants: readonly GrantFate[]): HTMLElement {
  const mark = make('span', 'mark', SIGNS[state]);
  mark.setAttribute('aria-hidden', 'true');
  const item = make(
    'li',
    `step ${state.replace(' ', '-')}`,
    mark,
    make('h3', '', TITLES[name], make('span', 'state', state)),
  );
  if (says.length > 0) item.append(make('ul', 'says', ...says.map((text) => make('li', '', text))));
  if (state !== 'not reached' && grants.length > 0) {
    item.append(make('ul', 'grants', ...grants.map(toGrant)));
  }
  return item;
}

const MISFITS: readonly GrantFate['fate'][] = ['does not fit', 'does not reach the target'];

function toGrant({ grant, fate, why, conditions, attributes }: GrantFate): HTMLElement {
  const isMisfit = MISFITS.includes(fate);
  const fits = fate === 'chosen' || fate === 'fits too';
  const item = make(
    'li',
    `grant ${fits ? 'fits' : isMisfit ? 'misfit' : 'apart'}`,
    make(
      'p',
      'grant-name',
      make('span', 'symbol', fits ? '✓ ' : isMisfit ? '✕ ' : '· '),
      make('strong', '', grant),
      ` ${fate}`,
    ),
  );
  const lines = [
    ...conditions.map(({ claim, wants, saw, holds, isReport }) =>
      make(
        'li',
        holds ? 'held' : 'unmet',
        sign(holds ? '✓' : '✕', holds ? 'holds: ' : 'does not hold: '),
        make('code', '', `${claim} ${wants}`),
        ` saw ${saw}${isReport ? ', and only reports' : ''}`,
      ),
    ),
    ...attributes.map(({ name, values, valueCount, problem }) =>
      make(
        'li',
        problem === undefined ? 'held' : 'unmet',
        sign(problem === undefined ? '✓' : '✕', problem === undefined ? 'read: ' : 'not read: '),
        problem ?? `{${name}} is ${values.join(', ')}`,
        valueCount > values.length ? `, and ${valueCount - values.length} more` : '',
      ),
    ),
  ];
  if (lines.length > 0) item.append(make('ul', 'conditions', ...lines));
  const isSaid = attributes.some(({ problem }) => problem === why);
  if (why !== undefined && !isSaid) item.append(make('p', 'why', why));
  return item;
}

function showPolicy({ policy }: Asked): void {
  const size = find('policy-size', HTMLElement);
  const meter = find('policy-meter', HTMLMeterElement);
  const text = find('policy', HTMLElement);
  meter.hidden = policy === undefined;
  if (policy === undefined) {
    size.textContent = 'There is none: the request is refused.';
    text.textContent = '';
    text.hidden = true;
    return;
  }
  const { bytes, maxBytes } = policy;
  size.textContent = `${bytes} of ${maxBytes} bytes, sent without white space`;
  meter.max = maxBytes;
  meter.high = maxBytes * 0.8;
  meter.value = bytes;
  text.hidden = false;
  text.textContent = policy.text;
}
