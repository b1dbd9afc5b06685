/** Freezes plain data, so that nothing can change a config while requests use it. */

/** Freezes a value and everything in it, and returns it. */
export function freezeDeeply<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freezeDeeply(inner);
  return Object.freeze(value);
}
