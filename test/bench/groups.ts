/** Which rows are measured together. Rows of one group take turns, so that a slow minute of the machine slows all of them. */
import type { Row } from './row.ts';
import { createRows } from './rows.ts';
import type { Surroundings } from './surroundings.ts';

export type GroupName = 'requests' | 'connections' | 'grants';

export const CONNECTIONS = [1, 16, 64, 256] as const;
export const GRANTS = [10, 100, 1000, 10_000] as const;
/** The number of connections of all rows that do not vary it. */
const USUAL_CONNECTIONS = 64;
/** Enough for V8 to compile what is hot, and for a percentile. */
const REQUESTS = 3000;
/** Each of them is signed, sent to the simulated STS, and verified there. */
const ASSUME_ROLE_REQUESTS = 1500;
const REQUESTS_PER_CONNECTIONS = 2000;
const REQUESTS_PER_GRANTS = 1500;

/** The rows of a group. `scale` multiplies the number of requests. */
export function rowsOf(group: GroupName, around: Surroundings, scale: number): readonly Row[] {
  const usual = {
    algorithm: 'ES256',
    connections: USUAL_CONNECTIONS,
    grants: 10,
    requestsPerRound: REQUESTS * scale,
    suffix: '',
  } as const;
  if (group === 'requests') {
    const es256 = createRows(around, usual);
    const rs256 = createRows(around, { ...usual, algorithm: 'RS256', suffix: ', RS256' });
    // fewer would measure V8 compiling
    const requestsPerRound = ASSUME_ROLE_REQUESTS;
    return [
      es256.nodeHttp,
      es256.hono,
      es256.honoJose,
      es256.warmRequest,
      es256.warmToken,
      es256.coldToken,
      es256.refusedToken,
      es256.refusedGrant,
      es256.refusedLimit,
      rs256.honoJose,
      rs256.warmRequest,
      rs256.warmToken,
      { ...rs256.coldToken, requestsPerRound },
      { ...es256.stsSdk, requestsPerRound },
      { ...es256.docsSample, requestsPerRound },
      { ...es256.assumeRole, requestsPerRound },
    ];
  }
  if (group === 'connections') {
    return CONNECTIONS.flatMap((connections) => {
      const rows = createRows(around, {
        ...usual,
        connections,
        requestsPerRound: REQUESTS_PER_CONNECTIONS * scale,
        suffix: `, ${connections} connections`,
      });
      return [rows.nodeHttp, rows.honoJose, rows.warmRequest];
    });
  }
  return GRANTS.flatMap((grants) => {
    const requestsPerRound = REQUESTS_PER_GRANTS * scale;
    const suffix = `, ${grants} grants`;
    const rows = createRows(around, { ...usual, grants, requestsPerRound, suffix });
    return [rows.warmRequest, rows.coldToken];
  });
}
