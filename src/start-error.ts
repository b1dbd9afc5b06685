/** Describes an error that ends the start: a sentence for a mistake of the operator, a stack for a defect. */
import { ConfigError } from './config-loader/config-problems.ts';
import { systemErrorCode } from './lib/system-error-code.ts';

/** Returns what standard error says. A ConfigError lists its problems. */
export function describeStartError(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return `port ${portOf(error)} is in use by another program; stop that program, or set PORT to another port`;
    case 'EACCES':
      return `port ${portOf(error)} needs more rights than this process has; set PORT to 1024 or more`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'HOST is no address of this machine; set it to one, or leave it out to listen on all';
    default:
      return error instanceof Error ? (error.stack ?? error.name) : 'failed to start';
  }
}

function portOf(error: unknown): string {
  const port: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'port') : '';
  return typeof port === 'number' ? String(port) : '';
}
