/** Extracts the code of a foreign error, the only part that is safe to log. */

/** `ENOENT`, `ECONNREFUSED`, or words like `CERT_HAS_EXPIRED` and `UND_ERR_SOCKET`. No key or token matches. */
const CODE = /^(?=.{3,50}$)(?:E[A-Z0-9]{2,20}|[A-Z]{2,20}(?:_[A-Z0-9]{1,20})+)$/;

/** Returns the code of an error or of its cause. The message may contain secrets. */
export function systemErrorCode(error: unknown): string | undefined {
  for (const candidate of [error, error instanceof Error ? error.cause : undefined]) {
    if (typeof candidate !== 'object' || candidate === null) continue;
    const code: unknown = Reflect.get(candidate, 'code');
    if (typeof code === 'string' && CODE.test(code)) return code;
  }
  return undefined;
}
