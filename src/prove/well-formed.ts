/** Texts with well-formed Unicode that are not empty: subjects, and what a hash is read from. */
import { buildLanguage, type Language } from './language.ts';

export const WELL_FORMED: Language = buildLanguage<'first' | 'within' | 'low'>({
  start: 'first',
  ranges: (place) =>
    place === 'low'
      ? [[0xdc00, 0xdfff]]
      : [
          [0, 0xd7ff],
          [0xd800, 0xdbff],
          [0xe000, 0xffff],
        ],
  step: (_place, unit) => (unit >= 0xd800 && unit <= 0xdbff ? 'low' : 'within'),
  accepts: (place) => place === 'within',
});
