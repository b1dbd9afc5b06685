/** Guards a server on loopback against pages that reach it under a name of their own (DNS rebinding). */

/**
 * True if the Host header names loopback. Everything else comes through a foreign name. The port may be
 * missing: the credentials SDK for Python leaves it out.
 */
export function isAllowedHost(host: string | undefined, port: number): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].some(
    (name) => host === name || host === `${name}:${port}`,
  );
}
