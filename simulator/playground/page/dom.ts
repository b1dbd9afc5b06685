/** Finds and makes the elements of the page. */

type Kind<T> = new () => T;

/** Throws if the page has no such element, which is a defect of the page. */
export function find<T extends HTMLElement>(id: string, kind: Kind<T>): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${id}.`);
}

/** Makes an element with a class. A text becomes a text node, so nothing is ever read as HTML. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** A sign for the eye, and its word for a screen reader. */
export function sign(symbol: string, word: string): Node {
  const seen = make('span', 'symbol', symbol);
  seen.setAttribute('aria-hidden', 'true');
  const pair = document.createDocumentFragment();
  pair.append(seen, make('span', 'visually-hidden', word));
  return pair;
}

/** Sets the choices of a list, and keeps the chosen one if it is still there. */
export function setChoices(
  select: HTMLSelectElement,
  choices: readonly (readonly [value: string, label: string])[],
): void {
  const { value: chosen } = select;
  select.replaceChildren(...choices.map(([value, label]) => new Option(label, value)));
  if (choices.some(([value]) => value === chosen)) select.value = chosen;
}
