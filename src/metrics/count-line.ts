/** Counts one audit line. */
import type { AuditLine } from '../audit/line.ts';
import type { BrokerMetrics } from './broker-metrics.ts';
import type { ToLabel } from './known-names.ts';

export function countLine(metrics: BrokerMetrics, line: AuditLine, toLabel: ToLabel): void {
  const { decision, reason = '', surface, grant, verifyMs, stsMs, totalMs, cacheHit } = line;
  // a refusal during verification names its issuer in `why`
  const issuer = toLabel(line.issuerName ?? textOf(line.why?.['issuerName']));
  metrics.decisions.inc({ decision, reason, surface, issuer, grant: toLabel(grant) });
  if (reason !== '') metrics.refusals.inc({ reason });
  metrics.requestSeconds.observe({ decision, surface }, totalMs / 1000);
  if (verifyMs !== undefined) metrics.stepSeconds.observe({ step: 'verify' }, verifyMs / 1000);
  if (stsMs !== undefined) metrics.stepSeconds.observe({ step: 'sts' }, stsMs / 1000);
  if (cacheHit !== undefined) metrics.credentials.inc({ from: cacheHit ? 'cache' : 'sts' });
  const scope = reason === 'rate_limited' ? textOf(line.why?.['scope']) : undefined;
  if (scope !== undefined) metrics.rateLimited.inc({ scope });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
