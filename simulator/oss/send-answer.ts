/** Writes answers and errors of the simulated OSS as HTTP. */
import type { ServerResponse } from 'node:http';
import type { OssAnswer } from './answer.ts';
import type { OssError } from './error.ts';
import { element, xmlDocument } from './xml.ts';

/** The document of an error. */
export function renderError(error: OssError, requestId: string, host: string): OssAnswer {
  const { argument } = error;
  const body = xmlDocument('Error', [
    element('Code', error.code),
    element('Message', error.message),
    element('RequestId', requestId),
    element('HostId', host),
    ...(argument === undefined
      ? []
      : [element('ArgumentName', argument.name), element('ArgumentValue', argument.value)]),
    ...(error.endpoint === undefined ? [] : [element('Endpoint', error.endpoint)]),
    element('EC', error.ec),
    element('RecommendDoc', `https://api.alibabacloud.com/troubleshoot?q=${error.ec}`),
  ]);
  const headers = { 'content-type': 'application/xml', 'x-oss-ec': error.ec };
  return { status: error.status, headers, body };
}

/** Sends the answer to a request of that method. */
export function sendAnswer(
  response: ServerResponse,
  answered: OssAnswer & { readonly method: string },
): void {
  const { method, status, headers = {}, body = '' } = answered;
  const isBodiless = method === 'HEAD' || status === 304;
  // an answer to HEAD has no body, so clients read the error from this header
  const isError = method === 'HEAD' && status >= 400;
  response.writeHead(status, {
    ...(isBodiless ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...(isError ? { 'x-oss-err': Buffer.from(body).toString('base64') } : {}),
    ...toLatin1(headers),
  });
  response.end(isBodiless ? undefined : body);
}

/** Node writes one byte per character, so each character here is one byte of the UTF-8 text. */
function toLatin1(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
  );
}
