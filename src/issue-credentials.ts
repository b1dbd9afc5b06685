/**
 * The pipeline: a subject token goes in, the smallest OSS credential that its grant allows comes
 * out, and every decision leaves one audit line. The only place that knows the order of the steps.
 */
import { factsOfNarrowed, factsOfRole, factsOfToken } from './audit/facts.ts';
import { openAuditTrail, type RecordAudit } from './audit/trail.ts';
import type { Config, Permission } from './config/config.ts';
import type { GrantedTarget } from './grants/fit-grant.ts';
import { matchGrant } from './grants/match-grant.ts';
import { narrowGrant } from './grants/narrow-grant.ts';
import { parseTarget } from './grants/target.ts';
import type { Limits, Permit } from './limits/limits.ts';
import type { RateLimitState } from './limits/rate-limit-state.ts';
import { reportConditions, reportGrants } from './report-mode.ts';
import { renderGrant } from './session-policy/render-grant.ts';
import type { RenderSessionPolicy } from './session-policy/session-policy-memo.ts';
import type { SourceCredentials } from './source-credentials/source-credentials.ts';
import { createRoleSessionName } from './sts/role-session-name.ts';
import type { VerifySubjectToken } from './subject-token/subject-token.ts';

/** What a caller asks for, as read from the surface that the caller used. */
export interface CredentialRequest {
  readonly subjectToken: string;
  readonly grant?: string;
  readonly target?: string;
  readonly permissions?: readonly Permission[];
  readonly durationSeconds?: number;
}

/** Where a request came from. */
export interface Origin {
  readonly requestId: string;
  /** IP address, from the source that the config trusts; absent where it cannot be told. */
  readonly callerAddress?: string;
  /** What the platform, or the caller in its name, put into the headers. For this request alone. */
  readonly platformCredentials?: SourceCredentials;
}

export interface AssumeRoleRequest {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds: number;
  /** The session policy, serialised. Never absent: without it the session would have all of the role. */
  readonly policy: string;
  readonly externalId?: string;
  /** What to sign with if the broker has no source credentials. Never cached, never shared. */
  readonly platformCredentials?: SourceCredentials;
}

export interface AssumedRole {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  /** As STS wrote it: UTC, whole seconds, `Z`. */
  readonly expiration: string;
  readonly expiresAtMs: number;
  readonly stsRequestId?: string;
  /** True when an earlier answer of STS is used again. */
  readonly isCached: boolean;
}

/** Calls STS AssumeRole, or finds its earlier answer. Throws refusals only. */
export type AssumeRole = (request: AssumeRoleRequest) => Promise<AssumedRole>;

export interface IssuedCredential {
  readonly assumedRole: AssumedRole;
  /** When a client should come back for the next one, in milliseconds since the epoch. */
  readonly refreshAfterMs: number;
  readonly grantName: string;
  readonly allowances: readonly GrantedTarget[];
  /** What the caller has left. */
  readonly rateLimits: readonly RateLimitState[];
}

export interface PipelineDeps {
  readonly config: Config;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly verifySubjectToken: VerifySubjectToken;
  readonly renderSessionPolicy: RenderSessionPolicy;
  readonly limits: Limits;
  readonly assumeRole: AssumeRole;
  readonly recordAudit: RecordAudit;
}

/** The share of a credential's remaining life after which a client should come back. */
const REFRESH_AFTER_SHARE = 0.8;

/**
 * Issues one credential. `readRequest` parses what the caller sent, so that a request that cannot
 * be parsed is audited like any other. Throws a RefusalError for every no. Nothing is returned
 * before its audit line is written.
 */
export async function issueCredentials(
  deps: PipelineDeps,
  origin: Origin,
  readRequest: () => Promise<CredentialRequest>,
): Promise<IssuedCredential> {
  const { config, now } = deps;
  const { requestId, callerAddress, platformCredentials } = origin;
  const { recordAudit } = deps;
  const trail = openAuditTrail({ requestId, configRevision: config.revision, now, recordAudit });
  if (callerAddress !== undefined) trail.add({ callerAddress });
  let permit: Permit | undefined;
  try {
    const request = await readRequest();
    const target = request.target === undefined ? undefined : parseTarget(request.target);

    // 1. verify the subject token
    const receivedAtMs = now();
    const token = await deps.limits.guardVerification(callerAddress, () =>
      deps.verifySubjectToken(request.subjectToken),
    );
    trail.add({ ...factsOfToken(token, config), verifyMs: now() - receivedAtMs });

    // what is in report mode says what it would have decided, and decides nothing
    const tokenLeftSeconds = token.expiresAt - Math.ceil(now() / 1000);
    const asked = { ...request, target, tokenLeftSeconds, callerAddress };
    const report = reportGrants(config.grants, { token, asked }, deps);
    trail.add(report);

    // 2. match the grant
    const matched = matchGrant(config.grants, token, asked);
    const { grant } = matched;
    trail.add({ grant: grant.name, roleArn: grant.role });
    trail.add(reportConditions(grant, token, report));

    // 3. narrow to what the caller asked for
    const narrowed = narrowGrant(matched, asked);
    const { allowances, durationSeconds } = narrowed;
    trail.add(factsOfNarrowed(narrowed));

    // 4. render the session policy
    const policy = renderGrant(deps.renderSessionPolicy, narrowed);
    trail.add({ sessionPolicySha256: policy.sha256 });

    // 5. limit
    permit = await deps.limits.admit({ token, grant, callerAddress });

    // 6. assume the role
    const roleSessionName = createRoleSessionName(token, grant.name);
    trail.add({ roleSessionName });
    const askedAtMs = now();
    const assumedRole = await deps.assumeRole({
      roleArn: grant.role,
      roleSessionName,
      durationSeconds,
      policy: policy.text,
      ...(grant.externalId === undefined ? {} : { externalId: grant.externalId }),
      ...(platformCredentials === undefined ? {} : { platformCredentials }),
    });
    trail.add({ ...factsOfRole(assumedRole), stsMs: now() - askedAtMs });

    // 7. record and answer
    await trail.recordGranted();
    const lifeMs = assumedRole.expiresAtMs - now();
    const refreshAfterMs = now() + Math.max(0, lifeMs * REFRESH_AFTER_SHARE);
    const { rateLimits } = permit;
    return { assumedRole, refreshAfterMs, grantName: grant.name, allowances, rateLimits };
  } catch (error) {
    // nothing was handed out, so the caller may try again with the same token
    await permit?.withdraw();
    throw await trail.recordRefused(error);
  }
}
