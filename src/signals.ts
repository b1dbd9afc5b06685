/** What the signals of the operating system do: SIGHUP renews, SIGTERM and SIGINT stop. */
import type { SourceCredentialsSettings } from './config/source-credentials-settings.ts';
import type { SourceCredentialsProvider } from './ports.ts';
import type { ReloadingBroker } from './reloading-broker.ts';
import type { RunningServer } from './server.ts';

const SHUTDOWN_GRACE_MS = 10_000;

/** On SIGHUP, loads the newest config and the newest source credentials from their sources. */
export function renewOnHangup(options: {
  readonly broker: ReloadingBroker;
  readonly source: SourceCredentialsSettings;
  readonly sourceCredentials: SourceCredentialsProvider;
  /** Tells the operator. */
  readonly tell: (message: string) => void;
}): void {
  const { broker, source, sourceCredentials, tell } = options;
  process.on('SIGHUP', () => {
    void broker.reload();
    // a function's provider treats renew as an STS refusal of the credentials in use
    if (source.type === 'function') return;
    sourceCredentials
      .get()
      .then(sourceCredentials.renew)
      .catch(() => tell('SIGHUP: there are no newer source credentials'));
  });
}

/** On SIGTERM or SIGINT, finishes the requests in flight, closes `others` in their order, and ends the process. */
export function stopOnSignals(options: {
  readonly server: RunningServer;
  readonly others: readonly { close(): Promise<void> }[];
  /** Tells the operator. */
  readonly tell: (message: string) => void;
}): void {
  const { server, others, tell } = options;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      tell(`${signal}: finishing the requests in flight`);
      await server.close(SHUTDOWN_GRACE_MS);
      for (const other of others) await other.close();
      process.exit(0);
    });
  }
}
