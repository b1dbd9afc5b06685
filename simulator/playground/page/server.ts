/** Asks the server of the playground. */
import type { Asked, Checked, Start, Tree } from '../answer.ts';

export interface Question {
  readonly text: string;
  readonly issuer: string;
  readonly claims: object;
  readonly request: object;
}

export async function fetchStart(): Promise<Start> {
  const response = await fetch('/start');
  return response.json();
}

export function check(text: string): Promise<Checked> {
  return post('/check', { text });
}

/** Throws what the server says. */
export function ask(question: Question): Promise<Asked> {
  return post('/ask', question);
}

export function fetchTree(asked: {
  readonly accessKeyId: string | undefined;
  readonly targets: readonly string[];
}): Promise<Tree> {
  return post('/tree', asked);
}

async function post<Answer>(path: string, body: object): Promise<Answer> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(String(answer.problem ?? response.status));
  return answer;
}
