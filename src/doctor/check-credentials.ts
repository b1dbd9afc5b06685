/** Checks what the broker signs with: that it is there, of which kind, and who it is. */
import type { SourceCredentials, SourceCredentialsProvider } from '../ports.ts';
import { isAboutSourceCredentials } from '../refusal.ts';
import type { CallRpc } from '../rpc/call-rpc.ts';
import { RpcProblem } from '../rpc/rpc-problem.ts';
import { refusalForStsError } from '../sts/errors.ts';
import { type Finding, failed, ok, skipped } from './finding.ts';

const CHECK = 'source credentials';
export const CREDENTIALS_PAGE = 'docs/config.md#source-credentials';

export async function checkSourceCredentials(options: {
  /** As in `sourceCredentials.type`. */
  readonly type: string;
  readonly isOnFunctionCompute: boolean;
  readonly provider: SourceCredentialsProvider;
}): Promise<{ readonly finding: Finding; readonly credentials?: SourceCredentials }> {
  const { type, isOnFunctionCompute, provider } = options;
  try {
    const credentials = await provider.get();
    return { finding: ok(CHECK, describe(type, credentials)), credentials };
  } catch (error) {
    if (!isAboutSourceCredentials(error)) throw error;
    if (type === 'function' && !isOnFunctionCompute) {
      return {
        finding: skipped(CHECK, 'the role of a function is only there on Function Compute'),
      };
    }
    const { problem } = error.refusal;
    return {
      finding: failed(CHECK, {
        saw: `none from ${type}`,
        cause: problem,
        fix: fixFor(problem, type),
      }),
    };
  }
}

function describe(type: string, { securityToken, expiresAtMs }: SourceCredentials): string {
  const kind =
    securityToken === undefined ? 'the AccessKey of a RAM user, without an end' : 'a session';
  const end =
    expiresAtMs === undefined ? '' : `, until ${new Date(expiresAtMs).toISOString().slice(0, 19)}Z`;
  return `from ${type}: ${kind}${end}`;
}

function fixFor(problem: string, type: string): string {
  if (problem.includes('needs its SecurityToken')) {
    return 'set ALIBABA_CLOUD_SECURITY_TOKEN too, from the same answer of STS; or use the AccessKey of a RAM user';
  }
  if (problem.includes('is set, but')) return 'set both';
  if (type === 'environment') {
    return 'set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name another kind in sourceCredentials';
  }
  return `see ${CREDENTIALS_PAGE}`;
}

const IDENTITY = 'identity';
const ARN = /^acs:[a-z]{1,10}::\d{5,20}:[!-~]{1,300}$/;
const IDENTITY_TYPE = /^[A-Za-z]{1,50}$/;

/** https://www.alibabacloud.com/help/en/ram/api-getcalleridentity: it needs no permission. */
export async function checkIdentity(callSts: CallRpc): Promise<Finding> {
  try {
    const { body } = await callSts({ action: 'GetCallerIdentity', version: '2015-04-01' });
    const [arn = '', type = ''] = [body['Arn'], body['IdentityType']].map((value) =>
      typeof value === 'string' ? value : '',
    );
    if (!ARN.test(arn) || !IDENTITY_TYPE.test(type)) {
      return failed(IDENTITY, {
        saw: 'an answer that names no identity',
        cause: 'something else answered in the place of STS',
        fix: 'check region and sts in the config, and let the broker reach STS without a proxy',
      });
    }
    if (type !== 'Account') return ok(IDENTITY, `${arn} (${type})`);
    return failed(IDENTITY, {
      saw: `${arn} (${type})`,
      cause:
        'the AccessKey is that of the Alibaba Cloud account itself, which may not assume roles',
      fix: 'use a RAM user or a RAM role, and delete the AccessKey of the account',
    });
  } catch (error) {
    if (!(error instanceof RpcProblem)) throw error;
    return failed(IDENTITY, { saw: error.message, ...explainStsCode(error) });
  }
}

/** In the words that the broker has for the same refusal of AssumeRole. */
function explainStsCode({ code, requestId, message }: RpcProblem) {
  if (code === undefined) {
    return {
      cause: `STS did not answer: ${message}`,
      fix: 'check region and sts.network in the config, and the way to STS; sts.network: vpc is reachable inside a VPC only',
    };
  }
  const asked = { roleArn: '', durationSeconds: 0 };
  const refusal = refusalForStsError({ code, statusCode: 400, requestId, message: '' }, asked);
  const hint =
    refusal.reason === 'sts_refused'
      ? refusal.hint
      : 'problem' in refusal
        ? refusal.problem
        : 'STS has too many requests';
  const [cause = hint, fix = `see ${CREDENTIALS_PAGE}`] = hint.split('; ');
  return { cause, fix };
}
