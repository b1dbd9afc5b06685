/** Sends a GET with a body, which fetch refuses to do. */
import { request } from 'node:http';

/** Returns the status of the answer. */
export function getWithBody(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { ...headers, 'Content-Length': body.length } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .once('error', reject)
      .end(body);
  });
}
