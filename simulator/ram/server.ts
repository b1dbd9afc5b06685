/** Starts the simulated RAM on a loopback port: the wire format and signatures of the real RAM, over the same account. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { evaluatePolicy } from '../../src/session-policy/evaluate.ts';
import type { Identity, SimulatedCloud } from '../cloud.ts';
import { sendAnswer } from '../sts/answer.ts';
import { createAuthenticator } from '../sts/authentication.ts';
import { StsError } from '../sts/error.ts';
import { actionOf, actionParametersOf, readStsRequest, versionOf } from '../sts/request.ts';
import { createRamAccount, type RamAccount } from './account.ts';
import { ACTIONS, type RamAction } from './actions.ts';
import { RamError } from './ram-error.ts';

export interface RunningRam {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly account: RamAccount;
  /** The actions that were called, oldest first. */
  readonly calls: readonly string[];
  /** Closes open connections too. */
  readonly close: () => Promise<void>;
}

/** Listens on 127.0.0.1, on a free port. */
export async function startSimulatedRam(cloud: SimulatedCloud): Promise<RunningRam> {
  const account = createRamAccount(cloud);
  const authenticate = createAuthenticator({ cloud, nonceCapacity: 100_000 });
  const calls: string[] = [];

  async function answer(request: IncomingMessage): Promise<object> {
    const received = await readStsRequest(request);
    const name = actionOf(received);
    calls.push(name);
    const action = ACTIONS.get(name);
    if (versionOf(received) !== '2015-05-01' || action === undefined) {
      throw new RamError(404, 'InvalidAction.NotFound', 'The specified API is not found.');
    }
    const caller = authenticate(received);
    const parameters = actionParametersOf(received);
    authorize(cloud, caller, name, action.resource(parameters));
    const body = action.perform(account, parameters, cloud.accountId);
    account.apply();
    return body;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID().toUpperCase();
    let status = 200;
    let body: object;
    try {
      body = await answer(request);
    } catch (error) {
      if (!(error instanceof RamError) && !(error instanceof StsError)) throw error;
      status = error.status;
      body = { Code: error.code, Message: error.message };
    }
    const sent = { status, requestId, body: { RequestId: requestId, ...body } };
    await sendAnswer({ response, answer: sent, fault: undefined, sleep: async () => {} });
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no TCP address.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    account,
    calls,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function authorize(
  cloud: SimulatedCloud,
  caller: Identity,
  action: string,
  resource: ReturnType<RamAction['resource']>,
): void {
  const request = {
    action: `ram:${action}`,
    resource: `acs:ram:*:${cloud.accountId}:${resource}`,
    context: {},
  };
  const isAllowed =
    caller.policies.length > 0 &&
    caller.policies.every((policies) => evaluatePolicy(policies, request) === 'Allow');
  if (!isAllowed) {
    throw new RamError(403, 'NoPermission', 'You are not authorized to do this action.');
  }
}
