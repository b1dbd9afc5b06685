/** Guards a server on loopback against pages that reach it under a name of their own (DNS rebinding). */

/** True if the Host header names loopback and the port. Everything else comes through a foreign name. */
export function isAllowedHost(host: string | undefined, port: number): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].some((name) => host === `${name}:${port}`);
}
