/** Signs in and asks the broker for a credential, and explains the decision step by step. */

import { parseBody, readMembers } from '../../src/api/native/request.ts';
import { explainGrants } from '../../src/explain/explain-grants.ts';
import { formatTarget, parseTarget } from '../../src/grants/target.ts';
import type { SubjectToken } from '../../src/ports.ts';
import { RefusalError } from '../../src/refusal.ts';
import { MAX_SESSION_POLICY_BYTES } from '../../src/session-policy/session-policy.ts';
import type { Asked, IssuedKeys } from './answer.ts';
import type { EditedConfig } from './edited-config.ts';
import { type Explanation, explainSteps } from './explain-steps.ts';

/** What the page asks. */
export interface Question {
  readonly issuer: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The body of the request to the broker. */
  readonly request: Readonly<Record<string, unknown>>;
}

/** More make a list that nobody reads. */
const MAX_GRANTS = 100;
const SECRETS = ['AccessKeySecret', 'SecurityToken'];

/** Throws a plain Error with what the issuer says if it signs nothing. */
export async function askBroker(
  edited: EditedConfig,
  question: Question,
  around: { readonly callerAddress: string; readonly ossUrl: string },
): Promise<Asked> {
  const { config, broker } = edited;
  const { callerAddress, ossUrl } = around;
  const token = await signToken(edited.tokensUrl, question);
  const body = JSON.stringify(question.request);
  const request = new Request('http://127.0.0.1/v1/credentials', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
  });
  const response = await broker.fetch(request, {
    incoming: { socket: { remoteAddress: callerAddress }, rawHeaders: [] },
  });
  const answer: unknown = await response.json();
  const requestId = textOf(answer, 'RequestId') ?? textOf(answer, 'requestId') ?? '';
  const line = edited.takeLine(requestId);
  if (line === undefined) throw new Error('the broker recorded no decision');

  const explanation = await explain(edited, token, body, callerAddress);
  const { decision } = explanation;
  const keys = readKeys(answer);
  return {
    outcome: line.decision,
    answer: { status: response.status, text: withoutSecrets(answer) },
    steps: explainSteps(explanation, line),
    grants: explanation.grants,
    ...(decision?.outcome === 'granted'
      ? {
          policy: {
            text: JSON.stringify(JSON.parse(decision.policy.text), null, 2),
            bytes: decision.policy.bytes,
            maxBytes: MAX_SESSION_POLICY_BYTES,
          },
        }
      : {}),
    targets: decision?.narrowed?.allowances.map(({ target }) => formatTarget(target)) ?? [],
    ...(keys === undefined ? {} : { keys }),
    audit: JSON.stringify(line, null, 2),
    oss: {
      endpoint: ossUrl,
      regions: Object.fromEntries(config.buckets.map(({ name, region }) => [name, region])),
    },
  };
}

/** Takes the same steps as the broker, with its own functions. */
async function explain(
  edited: EditedConfig,
  compactJws: string,
  body: string,
  callerAddress: string,
): Promise<Explanation> {
  let token: SubjectToken | undefined;
  try {
    token = await edited.verifySubjectToken(compactJws);
    const request = readMembers(parseBody(Buffer.from(body)));
    const target = request.target === undefined ? undefined : parseTarget(request.target);
    const tokenLeftSeconds = token.expiresAt - Math.ceil(Date.now() / 1000);
    const asked = { ...request, target, tokenLeftSeconds, callerAddress };
    const decision = edited.decide(token, asked);
    const { name } = token.issuer;
    const ofIssuer = edited.config.grants.filter(({ issuer }) => issuer === name);
    const grants = explainGrants(
      ofIssuer.slice(0, MAX_GRANTS),
      edited.render,
      [token, asked],
      decision,
    );
    return { token, decision, grants };
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return { ...(token === undefined ? {} : { token }), refusal: error, grants: [] };
  }
}

async function signToken(url: string, { issuer, claims }: Question): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ issuer, claims }),
  });
  const answer: unknown = await response.json();
  const token = textOf(answer, 'token');
  if (token === undefined) throw new Error(textOf(answer, 'problem') ?? 'there is no token');
  return token;
}

function readKeys(answer: unknown): IssuedKeys | undefined {
  const accessKeyId = textOf(answer, 'AccessKeyId');
  const accessKeySecret = textOf(answer, 'AccessKeySecret');
  const securityToken = textOf(answer, 'SecurityToken');
  const expiration = textOf(answer, 'Expiration');
  if (accessKeyId === undefined || accessKeySecret === undefined) return undefined;
  if (securityToken === undefined || expiration === undefined) return undefined;
  return { accessKeyId, accessKeySecret, securityToken, expiration };
}

/** The page shows it, and screens are shared. */
function withoutSecrets(answer: unknown): string {
  return JSON.stringify(
    answer,
    (name, value: unknown) => (SECRETS.includes(name) ? '…' : value),
    2,
  );
}

function textOf(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const member: unknown = Reflect.get(value, name);
  return typeof member === 'string' ? member : undefined;
}
