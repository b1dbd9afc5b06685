/** Connects probes with the machine: subject tokens, the broker and OSS. */

import { isJsonObject, parseJsonObject } from '../../lib/strict-json.ts';
import type { BrokerAnswer } from '../../probe-broker/compare-answer.ts';
import type { Probe, ProbeFile, ProbeToken } from '../../probe-broker/probe-file.ts';
import type { ProbeWorld } from '../../probe-broker/run-probes.ts';
import { useCredential } from '../../probe-broker/use-credential.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { endpointOf, parseBrokerUrl, readBrokerUrl } from '../broker/broker-url.ts';
import { readCredential } from '../broker/credential.ts';
import { tokenFromCommand } from '../subject-token/from-command.ts';
import { tokenFromFile } from '../subject-token/from-file.ts';
import { checkToken } from '../subject-token/token-problem.ts';
import { isCliError } from '../system/cli-error.ts';
import { exchange, type HttpAnswer } from '../system/http-exchange.ts';
import type { Environment, Machine } from '../system/machine.ts';

const TIMEOUT_MS = 15_000;
/** Statuses of answers that a later request may not get. */
const TEMPORARY = [429, 503, 504];

/** Throws a CliError if a probe has no broker. */
export function createProbeWorld(file: ProbeFile, args: Arguments, machine: Machine): ProbeWorld {
  const { environment, now } = machine;
  const brokerOf = (probe: Probe) => {
    const named = args.has('broker') ? undefined : (probe.broker ?? file.broker);
    return named === undefined ? readBrokerUrl(args, environment) : parseBrokerUrl(named, 'broker');
  };
  for (const probe of file.probes) brokerOf(probe);
  return {
    readToken: (token) => readToken(token, environment),
    ask: (probe, subjectToken) => ask(brokerOf(probe), probe, subjectToken),
    async use(use, answer) {
      const place = answer.kind === 'credential' ? findPlace(answer, use.target) : undefined;
      if (place === undefined) return { verdict: 'unclear', saw: 'no endpoint in the answer' };
      return useCredential(use, { ...place, fetch, nowMs: now() });
    },
    now,
  };
}

function readToken(token: ProbeToken, environment: Environment): Promise<string> {
  if ('file' in token) return tokenFromFile(token.file);
  if ('command' in token) return tokenFromCommand(token.command, environment);
  return Promise.resolve(checkToken(environment[token.env] ?? '', token.env));
}

async function ask(
  broker: URL,
  { request, expect }: Probe,
  subjectToken: string | undefined,
): ReturnType<ProbeWorld['ask']> {
  const { grant, target, permissions, durationSeconds } = request;
  const body = JSON.stringify({
    Grant: grant,
    Target: target,
    Permissions: permissions,
    DurationSeconds: durationSeconds,
  });
  try {
    const answer = await exchange({
      url: endpointOf(broker, '/v1/credentials'),
      method: 'POST',
      headers: {
        ...(subjectToken === undefined ? {} : { Authorization: `Bearer ${subjectToken}` }),
        'Content-Type': 'application/json',
        Accept: 'application/json',
      },
      body,
      timeoutMs: TIMEOUT_MS,
    });
    return readAnswer(answer, 'refused' in expect ? expect.refused : undefined);
  } catch (error) {
    if (!isCliError(error)) throw error;
    return { kind: 'unreachable', problem: error.message };
  }
}

function readAnswer(
  { status, body }: HttpAnswer,
  expectedCode: string | undefined,
): Awaited<ReturnType<ProbeWorld['ask']>> {
  const parsed = parseJsonObject(body);
  if (status === 200 && parsed.ok) {
    // throws for what is no credential
    return { kind: 'credential', answer: readCredential(parsed.value).answer };
  }
  const { code, requestId } = parsed.ok ? parsed.value : {};
  if (typeof code !== 'string') {
    return { kind: 'unreachable', problem: `what answers is no broker: status ${status}` };
  }
  if (TEMPORARY.includes(status) && code !== expectedCode) {
    return { kind: 'unreachable', problem: `the broker answers ${code}` };
  }
  return {
    kind: 'refusal',
    code,
    requestId: typeof requestId === 'string' ? requestId : undefined,
  };
}

/** Keys, and where the bucket of the target is: that of the granted target in the same bucket. */
function findPlace(
  { answer }: Extract<BrokerAnswer, { readonly kind: 'credential' }>,
  target: string,
) {
  const { accessKeyId, accessKeySecret, securityToken, targets } = readCredential(answer);
  const bucketOf = (text: string) => /^oss:\/\/([^/]+)\//.exec(text)?.[1];
  const same = targets.find((one) => bucketOf(one.target) === bucketOf(target)) ?? targets[0];
  if (same === undefined) return undefined;
  const grant = answer['Grant'];
  const list = isJsonObject(grant) ? grant['Targets'] : undefined;
  const raw: readonly unknown[] = Array.isArray(list) ? list : [];
  const cname = raw.some(
    (one) => isJsonObject(one) && one['Target'] === same.target && one['Cname'] === true,
  );
  const { region, endpoint } = same;
  return {
    place: { region, endpoint, cname },
    keys: { accessKeyId, accessKeySecret, securityToken },
  };
}
