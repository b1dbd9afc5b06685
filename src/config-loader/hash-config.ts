/** Hashes a config. The hash is its revision. */
import { createHash } from 'node:crypto';
import type { Config } from '../config/config.ts';

/** Returns the hex SHA-256 of a config without its revision. */
export function hashConfig(content: Omit<Config, 'revision'>): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
