/** The one part of a foreign error that is safe to repeat: its code. */

/** `ENOENT`, `ECONNREFUSED`, or words like `CERT_HAS_EXPIRED` and `UND_ERR_SOCKET`. No key or token looks like this. */
const CODE = /^(?=.{3,50}$)(?:E[A-Z0-9]{2,20}|[A-Z]{2,20}(?:_[A-Z0-9]{1,20})+)$/;

/** The code of an error of Node or of a library, or of the error that caused it. Its message may hold secrets. */
export function systemErrorCode(error: unknown): string | undefined {
  for (const candidate of [error, error instanceof Error ? error.cause : undefined]) {
    if (typeof candidate !== 'object' || candidate === null) continue;
    const code: unknown = Reflect.get(candidate, 'code');
    if (typeof code === 'string' && CODE.test(code)) return code;
  }
  return undefined;
}
