/** The config of a test broker as a file of an operator. */
import type { TestBroker } from './broker.ts';

/** Fills the addresses around the broker in, as `startTestBroker` does. */
export function writtenConfig(text: string, { issuer, simulator }: TestBroker): string {
  return text
    .replaceAll('{{issuer}}', issuer.url)
    .replaceAll('{{sts}}', simulator.sts.url)
    .replaceAll('{{oss}}', simulator.oss.url);
}
