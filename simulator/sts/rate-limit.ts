/** Limits the requests per second, action and account, as the flow control of STS does. */
import type { SimulatedCloud } from '../cloud.ts';
import type { Fault } from '../faults.ts';
import { stsError } from './error.ts';

/**
 * Makes a function that throws Throttling.User for a request beyond the limit; undefined means no
 * limit. A fault can set another limit for its request.
 * STS allows 100 per second: https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-quota
 */
export function createRateLimit(options: {
  readonly cloud: SimulatedCloud;
  readonly requestsPerSecond: number | undefined;
}): (action: string, arn: string, fault: Fault | undefined) => void {
  const { cloud, requestsPerSecond = Number.POSITIVE_INFINITY } = options;
  const counts = new Map<string, number>();
  let countedSecond = Number.NaN;

  return function checkRateLimit(action, arn, fault) {
    const second = Math.floor(cloud.now() / 1000);
    if (second !== countedSecond) counts.clear();
    countedSecond = second;
    const accountId = arn.split(':')[3] ?? '';
    const key = JSON.stringify([action, accountId]);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    const limit = fault?.kind === 'rateLimit' ? fault.requestsPerSecond : requestsPerSecond;
    if (count > limit) throw stsError('Throttling.User');
  };
}
