/** Sends the answers of the simulated STS, intact or with a fault. */
import type { ServerResponse } from 'node:http';
import type { Fault } from '../faults.ts';

export interface StsAnswer {
  readonly status: number;
  readonly requestId: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const TRICKLE_PIECES = 8;
const REDIRECT_BODIES = { html: '<html><body>302 Found</body></html>', json: '{}', empty: '' };

/**
 * Sends a broken answer in place of the genuine one. Returns false, and does nothing, for a fault
 * that needs the genuine answer.
 */
export function sendBrokenAnswer(response: ServerResponse, fault: Fault | undefined): boolean {
  switch (fault?.kind) {
    case 'redirect302':
      response.writeHead(302, { location: 'https://error.aliyun.example/busy' });
      response.end(REDIRECT_BODIES[fault.body]);
      return true;
    case 'html5xx':
      response.writeHead(fault.status, { 'content-type': 'text/html' });
      response.end(`<html><body><h1>${fault.status}</h1></body></html>`);
      return true;
    case 'html200':
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html><body>Welcome</body></html>');
      return true;
    case 'empty200':
      response.writeHead(200, { 'content-type': 'application/json;charset=utf-8' });
      response.end();
      return true;
    case 'hang':
      return true;
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'halfAnswer':
      response.writeHead(200, {
        'content-type': 'application/json;charset=utf-8',
        'content-length': '1000',
      });
      response.flushHeaders();
      return true;
    default:
      return false;
  }
}

/** Sends an answer as STS does, or changed or slowed down by the fault. */
export async function sendAnswer(options: {
  readonly response: ServerResponse;
  readonly answer: StsAnswer;
  readonly fault: Fault | undefined;
  readonly sleep: (delayMs: number) => Promise<unknown>;
}): Promise<void> {
  const { response, answer, fault } = options;
  const body = fault?.kind === 'malformedCredentials' ? spoil(answer.body, fault) : answer.body;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(answer.status, {
    'content-type': 'application/json;charset=utf-8',
    'content-length': bytes.length,
    'x-acs-request-id': answer.requestId,
  });
  if (fault?.kind !== 'slow') {
    response.end(bytes);
    return;
  }
  response.flushHeaders();
  const pieceBytes = Math.ceil(bytes.length / TRICKLE_PIECES);
  for (let start = 0; start < bytes.length && !response.destroyed; start += pieceBytes) {
    await options.sleep(fault.delayMs / TRICKLE_PIECES);
    response.write(bytes.subarray(start, start + pieceBytes));
  }
  response.end();
}

function spoil(
  body: StsAnswer['body'],
  fault: Extract<Fault, { kind: 'malformedCredentials' }>,
): StsAnswer['body'] {
  const credentials = body['Credentials'];
  if (typeof credentials !== 'object' || credentials === null) return body;
  const omitted: ReadonlySet<string> = new Set(fault.omit);
  const left = Object.entries(credentials).filter(([member]) => !omitted.has(member));
  return { ...body, Credentials: { ...Object.fromEntries(left), ...fault.set } };
}
