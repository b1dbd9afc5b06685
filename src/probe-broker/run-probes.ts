/** Runs probes one after the other, each with a subject token, a request, and uses of the credential. */
import { type BrokerAnswer, compareAnswer } from './compare-answer.ts';
import { type Probe, type ProbeToken, toUse, type Use } from './probe-file.ts';
import type { UseResult } from './use-credential.ts';

export interface ProbeResult {
  readonly name: string;
  readonly result: 'as expected' | 'differs' | 'unreachable';
  /** How it differs, or why there is no answer. Empty: it is as expected. */
  readonly problems: readonly string[];
  /** The request id of a refusal. */
  readonly requestId?: string;
  readonly uses: readonly (Use & { readonly saw: string })[];
  readonly milliseconds: number;
}

export interface ProbeWorld {
  /** Throws a message if there is no token. */
  readonly readToken: (token: ProbeToken) => Promise<string>;
  /** `unreachable`: the broker gave no answer, or asks to come back later. */
  readonly ask: (
    probe: Probe,
    subjectToken: string | undefined,
  ) => Promise<BrokerAnswer | { readonly kind: 'unreachable'; readonly problem: string }>;
  /** Uses the credential of the answer. */
  readonly use: (use: Use, answer: BrokerAnswer) => Promise<UseResult>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export async function runProbes(
  probes: readonly Probe[],
  world: ProbeWorld,
): Promise<readonly ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const probe of probes) results.push(await runProbe(probe, world));
  return results;
}

async function runProbe(probe: Probe, world: ProbeWorld): Promise<ProbeResult> {
  const startedAtMs = world.now();
  const { name, expect } = probe;
  const token = await readToken(probe, world);
  const answer = await world.ask(probe, token);
  const end = (result: Omit<ProbeResult, 'name' | 'milliseconds'>): ProbeResult => ({
    name,
    ...result,
    milliseconds: world.now() - startedAtMs,
  });
  if (answer.kind === 'unreachable') {
    return end({ result: 'unreachable', problems: [answer.problem], uses: [] });
  }
  const problems = [...compareAnswer(expect, answer)];
  const uses: (Use & { readonly saw: string })[] = [];
  for (const use of answer.kind === 'credential' ? probe.use.map(toUse) : []) {
    const { verdict, saw } = await world.use(use, answer);
    uses.push({ ...use, saw });
    if (verdict !== use.expect) {
      problems.push(
        `${use.operation} ${use.target}: expected ${use.expect}, got ${verdict} (${saw})`,
      );
    }
  }
  const requestId = answer.kind === 'refusal' ? answer.requestId : undefined;
  return end({
    result: problems.length === 0 ? 'as expected' : 'differs',
    problems,
    ...(requestId === undefined ? {} : { requestId }),
    uses,
  });
}

/** A changed token has another signature: its first character is replaced. */
async function readToken({ token }: Probe, world: ProbeWorld): Promise<string | undefined> {
  if (token === undefined) return undefined;
  const text = await world.readToken(token);
  if (token.changed !== true) return text;
  const signatureAt = text.lastIndexOf('.') + 1;
  const other = text.charAt(signatureAt) === 'A' ? 'B' : 'A';
  return `${text.slice(0, signatureAt)}${other}${text.slice(signatureAt + 1)}`;
}
