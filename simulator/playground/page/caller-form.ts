/** Who signs in, with which claims, and what they ask for. */
import { type Caller, type Checked, PERMISSIONS } from '../answer.ts';
import { find, make, setChoices } from './dom.ts';
import type { Question } from './server.ts';

const TYPING_MS = 400;
const OWN_CLAIMS = 'own';

export interface CallerForm {
  readonly offer: (checked: Checked) => void;
  /** Undefined if the claims are no JSON object; the form says so. */
  readonly read: () => Omit<Question, 'text'> | undefined;
}

/** `onChange` is called for each choice, and when nobody has typed for a moment. */
export function createCallerForm(onChange: () => void): CallerForm {
  const form = find('caller-form', HTMLFormElement);
  const caller = find('caller', HTMLSelectElement);
  const issuer = find('issuer', HTMLSelectElement);
  const claims = find('claims', HTMLTextAreaElement);
  const problem = find('claims-problem', HTMLElement);
  const grant = find('grant', HTMLSelectElement);
  const target = find('target', HTMLInputElement);
  const duration = find('duration', HTMLInputElement);
  const boxes = PERMISSIONS.map((name) => {
    const box = make('input', '');
    box.type = 'checkbox';
    box.value = name;
    find('permissions', HTMLElement).append(make('label', 'box', box, name));
    return box;
  });
  let callers: readonly Caller[] = [];
  let timer = 0;

  function choose(): void {
    const chosen = callers[Number(caller.value)];
    if (chosen === undefined) return;
    issuer.value = chosen.issuer;
    grant.value = chosen.grant ?? '';
    claims.value = JSON.stringify(chosen.claims, null, 2);
  }

  function parseClaims(): object | undefined {
    try {
      const value: unknown = JSON.parse(claims.value);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
      problem.textContent = '✕ The claims are one JSON object.';
    } catch (error) {
      problem.textContent = `✕ ${error instanceof Error ? error.message : 'This is no JSON.'}`;
    }
    return undefined;
  }

  caller.addEventListener('change', () => {
    choose();
    onChange();
  });
  claims.addEventListener('input', () => {
    caller.value = OWN_CLAIMS;
  });
  for (const field of [claims, target, duration]) {
    field.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(onChange, TYPING_MS);
    });
  }
  for (const field of [issuer, grant, ...boxes]) field.addEventListener('change', onChange);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(timer);
    onChange();
  });

  return {
    offer(checked) {
      const isFirst = callers.length === 0;
      callers = checked.callers;
      setChoices(caller, [
        ...callers.map(({ label }, index) => [String(index), label] as const),
        [OWN_CLAIMS, 'with the claims below'],
      ]);
      setChoices(
        issuer,
        checked.issuers.map((name) => [name, name]),
      );
      setChoices(grant, [
        ['', 'the only one that fits'],
        ...checked.grants.map((name) => [name, name] as const),
      ]);
      if (isFirst) {
        caller.value = '0';
        choose();
      }
    },
    read() {
      const parsed = parseClaims();
      claims.setAttribute('aria-invalid', String(parsed === undefined));
      problem.hidden = parsed !== undefined;
      if (parsed === undefined) return undefined;
      const permissions = boxes.filter(({ checked }) => checked).map(({ value }) => value);
      return {
        issuer: issuer.value,
        claims: parsed,
        request: {
          ...(grant.value === '' ? {} : { Grant: grant.value }),
          ...(target.value === '' ? {} : { Target: target.value }),
          ...(permissions.length === 0 ? {} : { Permissions: permissions }),
          ...(duration.value === '' ? {} : { DurationSeconds: Number(duration.value) }),
        },
      };
    },
  };
}
