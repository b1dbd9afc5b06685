/** Reads flags in the environment. */

/** True for `true` in any case, as the Alibaba Cloud SDKs read flags. */
export function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}
