/** The editor of the config: line numbers, and each problem at its line. */
import type { ToldProblem } from '../answer.ts';
import { find, make } from './dom.ts';

const TYPING_MS = 300;

export interface ConfigEditor {
  readonly text: () => string;
  readonly showProblems: (
    problems: readonly ToldProblem[],
    warnings: readonly ToldProblem[],
  ) => void;
}

/** `onChange` is called when nobody has typed for a moment. */
export function createConfigEditor(initial: string, onChange: () => void): ConfigEditor {
  const area = find('config', HTMLTextAreaElement);
  const gutter = find('gutter', HTMLElement);
  const state = find('config-state', HTMLElement);
  const list = find('problems', HTMLElement);
  let marks: ReadonlyMap<number, string> = new Map();
  let timer = 0;

  function drawGutter(): void {
    const count = area.value.split('\n').length;
    const numbers = Array.from({ length: count }, (_, index) => {
      const mark = marks.get(index + 1);
      return make('div', mark ?? '', `${mark === undefined ? '' : '●'} ${index + 1}`);
    });
    gutter.replaceChildren(...numbers);
    follow();
  }

  function follow(): void {
    gutter.scrollTop = area.scrollTop;
  }

  function goTo({ line, column }: ToldProblem): void {
    const lines = area.value.split('\n');
    const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const end = start + (lines[line - 1]?.length ?? 0);
    area.focus();
    area.setSelectionRange(Math.min(start + column - 1, end), end);
    const height = area.scrollHeight / Math.max(1, lines.length);
    area.scrollTop = Math.max(0, (line - 4) * height);
  }

  function toItem(problem: ToldProblem, kind: 'problem' | 'warning'): HTMLElement {
    const { line, path, message } = problem;
    const button = make('button', 'line', `Line ${line}`);
    button.type = 'button';
    button.addEventListener('click', () => goTo(problem));
    const where = path === '' ? [] : [make('code', '', path), ': '];
    return make('li', kind, button, ' ', make('span', '', ...where, message));
  }

  area.value = initial;
  area.addEventListener('scroll', follow);
  area.addEventListener('input', () => {
    drawGutter();
    clearTimeout(timer);
    timer = setTimeout(onChange, TYPING_MS);
  });
  drawGutter();

  return {
    text: () => area.value,
    showProblems(problems, warnings) {
      marks = new Map([
        ...warnings.map(({ line }): [number, string] => [line, 'warned']),
        ...problems.map(({ line }): [number, string] => [line, 'wrong']),
      ]);
      drawGutter();
      area.setAttribute('aria-invalid', String(problems.length > 0));
      const isValid = problems.length === 0;
      state.className = `badge ${isValid ? 'ok' : 'bad'}`;
      state.textContent = isValid
        ? `✓ It loads${warnings.length === 0 ? '' : `, with ${count(warnings.length, 'warning')}`}`
        : `✕ ${count(problems.length, 'problem')}`;
      list.replaceChildren(
        ...problems.map((problem) => toItem(problem, 'problem')),
        ...warnings.map((warning) => toItem(warning, 'warning')),
      );
    },
  };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
