/** The tables of docs/init.md have every kind of issuer and every option. */
import { expect, it } from 'vitest';
import { spec } from '../../src/cli/operator/init.ts';
import { PRESETS } from '../../src/init/presets.ts';
import { namesInCell, rowsOf, sectionOf } from './sections.ts';

const rows = rowsOf(sectionOf('docs/init.md', 'Kinds of issuers'));
const first = rows.map(([, cell = '']) => namesInCell(cell)[0]);

it('the table of kinds has every preset, and the issuer that it takes', () => {
  const kinds = rows.slice(1, PRESETS.length + 1);

  expect(kinds.map(([, cell = '']) => namesInCell(cell)[0])).toEqual(
    PRESETS.map(({ name }) => name),
  );
  expect(kinds.map((cells) => namesInCell(cells[2] ?? '')[0])).toEqual(
    PRESETS.map(({ issuer }) => ('fixed' in issuer ? issuer.fixed : issuer.example)),
  );
});

it('the table of options has every option', () => {
  const options = first.filter((name) => name?.startsWith('--'));

  expect(options).toEqual(spec.options.map(({ name }) => `--${name}`));
});

it('every preset that needs a tenant says so in its row', () => {
  const withTenant = rows
    .slice(1, PRESETS.length + 1)
    .filter((cells) => (cells[4] ?? '').trim() !== '')
    .map(([, cell = '']) => namesInCell(cell)[0]);

  expect(withTenant).toEqual(
    PRESETS.filter(({ tenant }) => tenant !== undefined).map(({ name }) => name),
  );
});
