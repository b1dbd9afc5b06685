/** What the bundle must do under every Node that operators run: this is its black-box suite. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { canRunNodeBinaries, findNode, type NodeName } from '../../../tools/node-binaries.ts';
import { keepCircuitClosed, REFUSAL_CASES, REFUSALS_CONFIG } from '../../refusals/cases.ts';
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { builtBundle } from '../../support/built-bundle.ts';
import { type Bundle, startBundle } from '../../support/bundle.ts';
import { createOssClient, credentialOf, ossRefusal } from '../../support/oss-client.ts';

/** Runs the suite against the bundle. Machines other than Linux on x64 cannot run these Nodes. */
export function testBundleUnder(name: NodeName): void {
  describe.skipIf(!canRunNodeBinaries)(`the built broker under the Node "${name}"`, () => {
    let bundle: Bundle;
    let broker: TestBroker;

    beforeAll(async () => {
      const built = builtBundle();
      bundle = { ...built, node: findNode(name) ?? built.node };
      broker = await startTestBroker({ config: REFUSALS_CONFIG, bundle });
      // the Node may have to be downloaded
    }, 300_000);

    afterAll(async () => {
      await broker.close();
    });

    /** Waits for the audit line of an answer to come through the pipe. */
    async function auditLineOf(requestId: string | null) {
      return vi.waitFor(() => {
        const line = broker.auditLines().find((one) => one['requestId'] === requestId);
        if (line === undefined) throw new Error(`no audit line for ${requestId}`);
        return line;
      });
    }

    it('issues a credential that lets ali-oss upload below its prefix only', async () => {
      const { body } = await broker.ask({ claims: { plan: 'basic' } });
      const client = createOssClient(broker.simulator.oss.url, credentialOf(body));

      expect((await client.put('users/user-1/a.txt', Buffer.from('a'))).res.status).toBe(200);
      expect(await ossRefusal(client.put('users/user-10/a.txt', Buffer.from('a')))).toBe(
        'AccessDenied',
      );
    });

    it('uses the request ID of Function Compute, and answers its hooks', async () => {
      const headers = { 'x-fc-request-id': '1-64f6cd87-0f3a2b7e5c1d' };
      const hook = (controlPath: string) =>
        broker.ask({
          token: null,
          path: '/initialize',
          headers: { 'x-fc-control-path': controlPath },
        });

      expect((await broker.ask({ claims: { plan: 'basic' }, headers })).body['RequestId']).toBe(
        headers['x-fc-request-id'],
      );
      expect((await hook('/initialize')).status).toBe(200);
      expect((await hook('/http-invoke')).status).toBe(404);
    });

    // the last case removes the function's role, as if its session had expired
    it.each(REFUSAL_CASES)('refuses for $reason with $status $code', async (refusal) => {
      await keepCircuitClosed(broker, refusal);
      const answer = await refusal.ask(broker);

      expect(answer.status).toBe(refusal.status);
      expect(answer.body).toMatchObject({ code: refusal.code });
      expect(await auditLineOf(answer.headers.get('x-request-id'))).toMatchObject({
        decision: 'refused',
        reason: refusal.reason,
      });
    });

    it('says on standard error why the keys of an issuer are unavailable, and nothing of the token', async () => {
      const other = await startTestBroker({ config: SIMPLE_CONFIG });
      const running = await startBundle({
        ...bundle,
        text: SIMPLE_CONFIG.replace('{{issuer}}', other.issuer.url)
          .replace('{{sts}}', other.simulator.sts.url)
          .replace('{{oss}}', other.simulator.oss.url),
        simulator: other.simulator,
        write: async () => {},
      });
      const token = await other.issuer.token();
      const ask = () =>
        fetch(`http://127.0.0.1:${running.port}/v1/credentials`, {
          headers: { Authorization: `Bearer ${token}` },
        });
      other.issuer.fault('jwks', { kind: 'status', status: 500 });
      const answer = await ask();

      expect(answer.status).toBe(503);
      expect(await answer.text()).not.toContain('JWKS');
      await vi.waitFor(() =>
        expect(running.errorOutput()).toContain(
          'issuer app: the keys cannot be loaded: the JWKS: answered with status 500\n',
        ),
      );
      expect(running.errorOutput()).not.toContain(token.slice(0, 20));
      await running.close();
      await other.close();
    });

    it('finishes the requests in flight after SIGTERM', async () => {
      const other = await startTestBroker({ config: SIMPLE_CONFIG });
      const running = await startBundle({
        ...bundle,
        text: SIMPLE_CONFIG.replace('{{issuer}}', other.issuer.url)
          .replace('{{sts}}', other.simulator.sts.url)
          .replace('{{oss}}', other.simulator.oss.url),
        simulator: other.simulator,
        write: async () => {},
      });
      const ended = new Promise<number | null>((resolve) => running.child.once('exit', resolve));
      const token = await other.issuer.token();
      const ask = () =>
        fetch(`http://127.0.0.1:${running.port}/v1/credentials`, {
          headers: { Authorization: `Bearer ${token}` },
        });
      other.simulator.sts.faults.once({ kind: 'slow', delayMs: 400 });
      const slow = ask();
      while (other.stsCalls() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      running.child.kill('SIGTERM');

      expect((await slow).status).toBe(200);
      expect(await ended).toBe(0);
      await expect(ask()).rejects.toThrow();
      await other.close();
    });
  });
}
