/** Quantiles of measured values. */

/** The value below which the share of the values lies. `ascending` must be sorted. NaN if empty. */
export function quantile(ascending: ArrayLike<number>, share: number): number {
  const index = Math.min(ascending.length - 1, Math.floor(ascending.length * share));
  return ascending[index] ?? Number.NaN;
}

/** NaN if empty. */
export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
