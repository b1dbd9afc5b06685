/** Builds the settings of STS from what the operator wrote. */
import type { Config } from '../config/config.ts';
import { toSeconds } from './durations.ts';

/** Converts the timeout to milliseconds. The endpoint may end in a slash. */
export function buildSts(input: {
  network: Config['sts']['network'];
  endpoint?: string | undefined;
  timeout: string;
}): Config['sts'] {
  const { network, endpoint, timeout } = input;
  const timeoutMs = toSeconds(timeout) * 1000;
  return {
    network,
    timeoutMs,
    ...(endpoint === undefined ? {} : { endpoint: endpoint.replace(/\/$/, '') }),
  };
}
