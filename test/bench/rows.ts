/** The kinds of rows, each for any algorithm, number of connections and number of grants. */
import {
  CALLERS,
  callerOf,
  folderRequests,
  newSubjectOf,
  otherRequest,
  requestFor,
  signTokens,
} from './requests.ts';
import type { Row } from './row.ts';
import type { BenchAlgorithm, Surroundings } from './surroundings.ts';

export interface RowWishes {
  readonly algorithm: BenchAlgorithm;
  readonly connections: number;
  readonly grants: number;
  readonly requestsPerRound: number;
  /** Put behind the name of each row. */
  readonly suffix: string;
}

/** Makes the rows of one setting by their names. */
export function createRows(around: Surroundings, wishes: RowWishes) {
  const { algorithm, connections, grants, suffix } = wishes;
  const key = around.keys[algorithm];
  const tokensOf = (plan: string, signingKey = key) =>
    signTokens({ key: signingKey, count: CALLERS, subjectOf: callerOf, plan });
  const callers = tokensOf('pro');
  const plain = callers.map((token) => requestFor(token));
  const cycle = (requests: readonly string[]) => (n: number, count: number) =>
    Array.from({ length: count }, (_, i) => requests[(n + i) % requests.length] ?? '');
  const newTokens = (subjectOf: (n: number) => string) => (n: number, count: number) =>
    signTokens({ key, count, subjectOf: (i) => subjectOf(n + i) }).map((token) =>
      requestFor(token),
    );
  const newSubjects = newTokens(newSubjectOf);

  const base: Omit<Row, 'name' | 'server'> = {
    algorithm,
    connections,
    config: { grants, limited: false },
    requestsPerRound: wishes.requestsPerRound,
    status: 200,
    isFresh: false,
    primer: plain,
    requests: cycle(plain),
  };
  const row = (name: string, server: Row['server'], own: Partial<Row> = {}): Row => ({
    ...base,
    server,
    ...own,
    name: `${name}${suffix}`,
  });

  return {
    nodeHttp: row('node:http', 'node:http'),
    hono: row('hono', 'hono'),
    honoJose: row('hono + jose', 'hono + jose'),
    stsSdk: row('hono + jose + STS SDK', 'hono + jose + STS SDK', { requests: newSubjects }),
    docsSample: row('sample of the docs', 'sample of the docs'),
    coldToken: row('broker, cold token', 'broker', { requests: newTokens(callerOf) }),
    warmToken: row('broker, warm token', 'broker', {
      primer: folderRequests(callers),
      requests: (n, count) => Array.from({ length: count }, (_, i) => otherRequest(callers, n + i)),
    }),
    warmRequest: row('broker, warm request', 'broker'),
    refusedToken: row('broker, refused at the token', 'broker', {
      status: 401,
      requests: cycle(tokensOf('pro', around.strangersKey).map((token) => requestFor(token))),
    }),
    refusedGrant: row('broker, refused at the grant', 'broker', {
      status: 403,
      requests: cycle(tokensOf('free').map((token) => requestFor(token))),
    }),
    refusedLimit: row('broker, refused at the limit', 'broker', {
      status: 429,
      config: { grants, limited: true },
    }),
    assumeRole: row('broker, AssumeRole each', 'broker', { requests: newSubjects, isFresh: true }),
  };
}
