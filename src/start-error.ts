/** Describes an error that ends the start: a sentence for a mistake of the operator, a stack for a defect. */
import { ConfigError } from './config-loader/config-problems.ts';
import { systemErrorCode } from './lib/system-error-code.ts';

/** Returns what standard error says. A ConfigError lists its problems. `place` names the settings of the port. */
export function describeStartError(
  error: unknown,
  place: { readonly port: string; readonly host: string } = { port: 'PORT', host: 'HOST' },
): string {
  if (error instanceof ConfigError) return error.message;
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return `port ${portOf(error)} is in use by another program; stop that program, or set ${place.port} to another port`;
    case 'EACCES':
      return `port ${portOf(error)} needs more rights than this process has; set ${place.port} to 1024 or more`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${place.host} is no address of this machine; set it to one, or leave it out`;
    default:
      return error instanceof Error ? (error.stack ?? error.name) : 'failed to start';
  }
}

function portOf(error: unknown): string {
  const port: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'port') : '';
  return typeof port === 'number' ? String(port) : '';
}
