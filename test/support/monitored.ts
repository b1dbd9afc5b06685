/** A built broker with metrics, and callers that make it decide in many ways. */
import { SIMPLE_CONFIG, startTestBroker, type TestBroker } from './broker.ts';
import { builtBundle } from './built-bundle.ts';
import { freePort } from './bundle.ts';

/** Two grants, two surfaces, and a limit that some callers reach. */
const CONFIG = `${SIMPLE_CONFIG}
  - name: reports
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/reports/", permissions: [read] }]
    restrict: { https: false }
surfaces: { tokenExchange: true }
limits: { subject: { requests: 6, window: 1h } }
`;

export interface Monitored {
  readonly broker: TestBroker;
  readonly metricsPort: number;
}

export async function startMonitored(
  options: {
    readonly more?: string;
    readonly environment?: Readonly<Record<string, string | undefined>>;
  } = {},
): Promise<Monitored> {
  const metricsPort = await freePort();
  const broker = await startTestBroker({
    config: `${CONFIG}metrics: { port: ${metricsPort} }\n${options.more ?? ''}`,
    bundle: builtBundle(),
    environment: options.environment ?? {},
  });
  return { broker, metricsPort };
}

/** Sends the n-th request of a mix of granted and refused ones. */
export async function sendOneOfMany({ issuer, url, ask }: TestBroker, n: number): Promise<void> {
  const sub = `user-${n % 30}`;
  const token = () => issuer.token({ sub });
  switch (n % 10) {
    case 0:
      await ask({ token: null });
      return;
    case 1:
      await ask({ token: 'not-a-token' });
      return;
    case 2:
      await ask({ token: await token(), body: { Grant: 'reports' } });
      return;
    case 3:
      await ask({ token: await token(), body: { Grant: 'user-files', Target: 'oss://other/x' } });
      return;
    case 4:
      await ask({ token: await issuer.token({ sub, aud: 'elsewhere' }) });
      return;
    case 5:
      await fetch(`${url}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          subject_token: await token(),
          audience: 'user-files',
        }),
      });
      return;
    case 6:
      await ask({ path: '/nowhere' });
      return;
    default:
      await ask({ token: await token(), body: { Grant: 'user-files' } });
  }
}
