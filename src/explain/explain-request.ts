/** Explains what the broker decides for a subject token and a request: the pipeline's own steps, with what each of them saw. */
import type { Config } from '../config/config.ts';
import { createDecide } from '../decide.ts';
import { toAsked } from '../grants/asked.ts';
import { formatTarget } from '../grants/target.ts';
import { createKillSwitches } from '../limits/kill-switches.ts';
import type { CredentialRequest, Decide, Decision, SubjectToken, Target } from '../ports.ts';
import { RefusalError } from '../refusal.ts';
import { createReportGrants, reportConditions } from '../report-mode.ts';
import type { RamPolicy } from '../session-policy/ram-policy.ts';
import { MAX_SESSION_POLICY_BYTES } from '../session-policy/session-policy.ts';
import { createSessionPolicyMemo } from '../session-policy/session-policy-memo.ts';
import { checkToken, type TokenInput } from './check-token.ts';
import { explainGrants } from './explain-grants.ts';
import type { Check, Explanation, Given, GrantSeen, RefusalExplained } from './explanation.ts';
import { MEANINGS } from './meanings.ts';
import { showValue, toInstant } from './show-value.ts';
import { tellOperations } from './tell-operations.ts';

export interface ExplainOptions {
  readonly config: Config;
  readonly input: TokenInput;
  /** Reads the request as a surface does. Throws its refusals. */
  readonly readRequest: () => CredentialRequest;
  readonly callerAddress?: string | undefined;
  /** One more key for the table of operations. */
  readonly key?: Target | undefined;
  /** Milliseconds since the epoch: the clock of the decision. */
  readonly nowMs: number;
}

/** The most grants of an issuer that are explained. */
const MAX_GRANTS = 200;
const MAX_RENDERED_POLICIES = 1000;

interface Progress {
  readonly checks: Check[];
  grants: readonly GrantSeen[];
  grantCount?: number;
  reported?: NonNullable<Explanation['reported']>;
}

/**
 * Takes steps 1 to 5 of the pipeline and its kill switches, in its order. It counts no limit, uses up
 * no token and does not ask STS. Throws for a defect only.
 */
export async function explainRequest(options: ExplainOptions): Promise<Explanation> {
  const { config, input, nowMs } = options;
  const { checks, token, refusal } = await checkToken(input, config, nowMs);
  const progress: Progress = { checks: [...checks], grants: [] };
  const about = {
    configRevision: config.revision,
    at: toInstant(nowMs),
    ...(token === undefined
      ? {}
      : { issuerName: token.issuer.name, subject: showValue(token.subject) }),
  };
  const end = (outcome: { readonly refusal: RefusalExplained } | { readonly given: Given }) => ({
    outcome: 'given' in outcome ? ('granted' as const) : ('refused' as const),
    ...about,
    ...progress,
    ...outcome,
  });
  if (token === undefined) {
    if (refusal === undefined) throw new Error('a token is neither checked nor refused');
    return end({ refusal: explainRefusal(refusal) });
  }
  try {
    return end({ given: decideStepByStep(token, options, progress) });
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return end({ refusal: explainRefusal(error) });
  }
}

/** Throws the refusals of the steps after verification. */
function decideStepByStep(
  token: SubjectToken,
  { config, readRequest, callerAddress, key, nowMs }: ExplainOptions,
  progress: Progress,
): Given {
  const { checks } = progress;
  const killSwitches = createKillSwitches(config);
  step(checks, 'kill switches', 'deny lists of the issuer', () => killSwitches.refuseDenied(token));

  const asked = step(checks, 'request', 'what the caller asks for', () =>
    toAsked(token, readRequest(), { callerAddress, nowMs }),
  );

  const render = createSessionPolicyMemo(MAX_RENDERED_POLICIES);
  const asker: Parameters<Decide> = [token, asked];
  const decide = createDecide(
    config.grants.filter(({ mode }) => mode !== 'report'),
    render,
  );
  const decision = decide(...asker);

  const ofIssuer = config.grants.filter(({ issuer }) => issuer === token.issuer.name);
  progress.grants = explainGrants(ofIssuer.slice(0, MAX_GRANTS), render, asker, decision);
  if (ofIssuer.length > MAX_GRANTS) progress.grantCount = ofIssuer.length;
  // the deny lists of the issuer were asked already
  const report = createReportGrants(config.grants, render, killSwitches.checkGrant)(...asker);
  const { reported } =
    decision.grant === undefined ? report : reportConditions(decision.grant, token, report);
  if (reported !== undefined) progress.reported = reported;

  if (decision.outcome === 'refused') throw decision.refusal;
  const { grant } = decision;
  step(checks, 'kill switches', `of grant "${grant.name}"`, () =>
    killSwitches.checkGrant(token, grant),
  );
  return describeGiven(decision, { key, callerAddress });
}

/** Takes one step, and notes whether it refuses. */
function step<T>(checks: Check[], name: Check['step'], saw: string, take: () => T): T {
  try {
    const taken = take();
    checks.push({ step: name, result: 'holds', saw });
    return taken;
  } catch (error) {
    checks.push({ step: name, result: 'refuses', saw });
    throw error;
  }
}

function describeGiven(
  decision: Extract<Decision, { readonly outcome: 'granted' }>,
  about: { readonly key: Target | undefined; readonly callerAddress: string | undefined },
): Given {
  const { grant, narrowed, policy, roleSessionName } = decision;
  const document: RamPolicy = JSON.parse(policy.text);
  const { key, callerAddress } = about;
  return {
    grant: grant.name,
    roleArn: grant.role,
    ...(grant.externalId === undefined ? {} : { externalId: grant.externalId }),
    roleSessionName,
    targets: narrowed.allowances.map(({ target, permissions, actions }) => ({
      target: formatTarget(target),
      permissions: [...permissions, ...actions],
    })),
    durationSeconds: narrowed.durationSeconds,
    ...(narrowed.sourceIps === undefined ? {} : { sourceIps: narrowed.sourceIps }),
    policy: document,
    policyBytes: policy.bytes,
    policyLimit: MAX_SESSION_POLICY_BYTES,
    sessionPolicySha256: policy.sha256,
    operations: tellOperations(document, narrowed, {
      ...(key === undefined ? {} : { asked: key }),
      sourceAddress: callerAddress,
    }),
  };
}

function explainRefusal({ refusal }: RefusalError): RefusalExplained {
  const { reason, ...why } = refusal;
  return { reason, meaning: MEANINGS[reason], why };
}
