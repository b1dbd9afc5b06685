/** Sets up fast-check with one seed for the whole run. Vitest prints it at the start; `FC_SEED=…` repeats it. */
import fc from 'fast-check';

const seed = process.env['FC_SEED'];
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });

/** Prints how many cases of each kind a search has covered. */
export function printSearch(name: string, counts: Readonly<Record<string, number>>): void {
  const parts = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  process.stdout.write(`${name}: seed ${seed ?? 'random'}, ${parts.join(', ')}\n`);
}

export { fc };
