/** Shows the buckets as a tree, with what the credential may do at each place. */
import { PERMISSIONS, type Place, type Tree } from '../answer.ts';
import { find, make, sign } from './dom.ts';

const KINDS: Readonly<Record<Place['kind'], string>> = { bucket: '▣', prefix: '▾', object: '–' };

const NOTE =
  'Choose a place to try it. Beside a prefix stands what goes for any object right below it.';
const NO_CREDENTIAL =
  'The request is refused, so there is no credential, and everything is closed.';

/** `onChoose` is called with the place that somebody wants to try. */
export function showTree(
  { places }: Tree,
  hasCredential: boolean,
  onChoose: (place: Place) => void,
): void {
  find('tree-note', HTMLElement).textContent = hasCredential ? NOTE : NO_CREDENTIAL;
  find('tree', HTMLElement).replaceChildren(...places.map((place) => toRow(place, onChoose)));
}

/** How much of what applies to a place the credential may do there. */
function accessOf({ kind, may }: Place): 'all' | 'some' | 'none' {
  const applying = PERMISSIONS.filter((name) => kind !== 'object' || name !== 'list');
  const allowed = applying.filter((name) => may[name]);
  if (allowed.length === 0) return 'none';
  return allowed.length === applying.length ? 'all' : 'some';
}

function toRow(place: Place, onChoose: (place: Place) => void): HTMLTableRowElement {
  const { bucket, key, kind, name, depth, may } = place;
  const access = accessOf(place);
  const button = make('button', 'place', name);
  button.type = 'button';
  button.setAttribute('aria-label', `Try ${bucket}/${key}`);
  button.addEventListener('click', () => onChoose(place));
  const icon = make('span', 'icon', KINDS[kind]);
  icon.setAttribute('aria-hidden', 'true');
  const head = make('th', '', icon, button);
  head.scope = 'row';
  head.style.setProperty('--depth', String(depth));
  return make(
    'tr',
    `${kind} ${access}`,
    head,
    ...PERMISSIONS.map((permission) => {
      if (kind === 'object' && permission === 'list') {
        return make('td', 'blank', make('span', 'visually-hidden', 'does not apply'));
      }
      return may[permission]
        ? make('td', 'yes', sign('✓', 'yes'))
        : make('td', 'no', sign('✕', 'no'));
    }),
  );
}
