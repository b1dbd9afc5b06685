/**
 * The pipeline: exchanges a subject token for an OSS credential within its grant, and records one
 * audit line for every decision. Only this file knows the order of the steps.
 */
import { factsOfDecision, factsOfRole, factsOfToken } from './audit/facts.ts';
import type { AuditTrail } from './audit/trail.ts';
import type { Config, Grant } from './config/config.ts';
import { toAsked } from './grants/asked.ts';
import { lengthPrefixed } from './lib/length-prefixed.ts';
import type {
  AssumeRole,
  CredentialRequest,
  Decide,
  IssuedCredential,
  Limits,
  NarrowedGrant,
  Origin,
  Permit,
  RateLimitState,
  Requested,
  SessionPolicy,
  SubjectToken,
  VerifySubjectToken,
} from './ports.ts';
import { type ReportGrants, reportConditions } from './report-mode.ts';

/** The same for every request. */
export interface PipelineDeps {
  readonly config: Config;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly verifySubjectToken: VerifySubjectToken;
  readonly decide: Decide;
  readonly reportGrants: ReportGrants;
  readonly limits: Limits;
}

/** One request, as a surface passes it to the pipeline. */
export interface IncomingRequest {
  readonly origin: Origin;
  /** Where the request is audited. Only the pipeline records its decision. */
  readonly trail: AuditTrail;
  /** Reads the subject token, and no more of the request than it must. */
  readonly readToken: () => string | Promise<string>;
  /**
   * Reads the rest of the request. It runs after verification, so that a request without a valid
   * token costs little, and in the pipeline, so that a malformed request is audited too.
   */
  readonly read: () => Promise<CredentialRequest>;
  /** What was asked, for the line of a request that is refused before it is read. Never throws. */
  readonly describe: () => Promise<Requested | undefined>;
}

/** What a request within its grant and its limits may get. */
export interface Admitted {
  readonly token: SubjectToken;
  readonly grant: Grant;
  readonly narrowed: NarrowedGrant;
  readonly policy: SessionPolicy;
  readonly roleSessionName: string;
  /** The state of the caller's own limits. */
  readonly rateLimits: readonly RateLimitState[];
}

/** After this share of its remaining life, a client should replace the credential. */
const REFRESH_AFTER_SHARE = 0.8;

/**
 * Issues one credential. Throws a RefusalError for every refusal. The audit line is written before
 * the credential is returned.
 */
export async function issueCredentials(
  deps: PipelineDeps,
  incoming: IncomingRequest & {
    /** Bound to the source credentials of this request. */
    readonly assumeRole: AssumeRole;
  },
): Promise<IssuedCredential> {
  const { now } = deps;
  const { trail } = incoming;

  // 7. assume the role
  const assumedRole = async ({ token, grant, narrowed, ...admitted }: Admitted) => {
    const { policy, roleSessionName, rateLimits } = admitted;
    trail.add({ roleSessionName });
    const askedAtMs = now();
    const role = await incoming.assumeRole({
      caller: lengthPrefixed([token.issuer.issuer, token.subject]),
      roleArn: grant.role,
      roleSessionName,
      durationSeconds: narrowed.durationSeconds,
      policy: policy.text,
      ...(grant.externalId === undefined ? {} : { externalId: grant.externalId }),
    });
    trail.add({ ...factsOfRole(role), stsMs: now() - askedAtMs });
    return {
      token,
      assumedRole: role,
      roleArn: grant.role,
      roleSessionName,
      grantName: grant.name,
      allowances: narrowed.allowances,
      rateLimits,
    };
  };

  const issued = await admitRequest(deps, incoming, assumedRole);
  const lifeMs = issued.assumedRole.expiresAtMs - now();
  const refreshAfterMs = now() + Math.max(0, lifeMs * REFRESH_AFTER_SHARE);
  return { ...issued, refreshAfterMs };
}

/**
 * Takes every step but the seventh, for which it calls `conclude`. A surface that gives something else
 * than a credential calls this. Throws a RefusalError for every refusal. The audit line is written
 * before it returns.
 */
export async function admitRequest<T>(
  deps: PipelineDeps,
  incoming: IncomingRequest,
  conclude: (admitted: Admitted) => Promise<T>,
): Promise<T> {
  const { config, now } = deps;
  const { trail } = incoming;
  const { callerAddress } = incoming.origin;
  let permit: Permit | undefined;
  let wasRead = false;
  try {
    // 1. verify the subject token
    const subjectToken = await incoming.readToken();
    const receivedAtMs = now();
    const token = await deps.limits.guardVerification(callerAddress, () =>
      deps.verifySubjectToken(subjectToken),
    );
    trail.add({ ...factsOfToken(token, config), verifyMs: now() - receivedAtMs });

    // 2. limit the caller, before the work that its claims decide
    const rateLimits = await deps.limits.admitCaller(token, callerAddress);

    // nothing else of the request is read before
    wasRead = true;
    const request = await incoming.read();
    const asked = toAsked(token, request, { callerAddress, nowMs: now() });

    // report mode records what it would have decided; it does not affect the decision
    const report = deps.reportGrants(token, asked);
    trail.add(report);

    // 3. match the grant, 4. narrow it to what the caller asked for, 5. render the session policy
    const decision = deps.decide(token, asked);
    trail.add(factsOfDecision(decision));
    if (decision.grant !== undefined) trail.add(reportConditions(decision.grant, token, report));
    if (decision.outcome === 'refused') throw decision.refusal;
    const { grant, narrowed, policy, roleSessionName } = decision;

    // 6. limit what only a request within its grant uses up
    permit = await deps.limits.admit(token, grant);

    // 7. conclude
    const result = await conclude({ token, grant, narrowed, policy, roleSessionName, rateLimits });

    // 8. record and answer
    await trail.recordGranted();
    return result;
  } catch (error) {
    // nothing was given, so the caller may use the same token again
    await permit?.withdraw();
    const requested = wasRead ? undefined : await incoming.describe();
    if (requested !== undefined) trail.add({ requested });
    throw await trail.recordRefused(error);
  }
}
