/** `npm run -s dev:token -- --issuer app sub=42 plan=pro`: prints a token of a running `npm run dev`. */
import { parseArgs } from 'node:util';
import { readClaimItems } from './issuer/claims-text.ts';

const USAGE =
  'usage: npm run -s dev:token -- [--issuer app] [--port 9001] sub=42 plan=pro seats:=3 \'groups:=["design"]\'';

const problem = await printToken(process.argv.slice(2));
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}

/** Prints the token; what is wrong if there is none. */
async function printToken(args: readonly string[]): Promise<string | undefined> {
  const parsed = parse(args);
  if ('problem' in parsed) return `${parsed.problem}\n${USAGE}`;
  const { values, positionals } = parsed;
  const reading = readClaimItems(positionals);
  if (!reading.ok) return `${reading.problem}\n${USAGE}`;
  const url = `http://127.0.0.1:${values.port}/tokens`;
  if (!URL.canParse(url)) return `--port takes a number from 1 to 65535\n${USAGE}`;
  const answer = await askForToken(url, { issuer: values.issuer, claims: reading.claims });
  if (answer === undefined) {
    return `No issuer answers on port ${values.port}. Start npm run dev, or take the --port that it prints.`;
  }
  if ('token' in answer) process.stdout.write(`${answer.token}\n`);
  else return 'problem' in answer ? String(answer.problem) : 'the answer holds no token';
  return undefined;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { issuer: { type: 'string' }, port: { type: 'string', default: '9001' } },
    });
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'wrong options' };
  }
}

/** Undefined if what listens there, if anything, is not `npm run dev`. */
async function askForToken(url: string, body: object): Promise<object | undefined> {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer: unknown = await response.json();
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}
