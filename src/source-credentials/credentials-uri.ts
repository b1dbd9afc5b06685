/** Loads source credentials from a credentials URI, as every Alibaba Cloud SDK does. */
import type { SourceCredentials } from '../ports.ts';
import type { Environment } from './environment.ts';
import { loadCredentialLibrary, loadThroughLibrary } from './library.ts';
import { LoadError } from './load-error.ts';
import type { Exchange } from './transport.ts';

const URI_TIMEOUT_MS = 5000;

/** Requests the URI once. Throws LoadErrors without the URI, which may be secret. */
export async function loadCredentialsUri(
  uri: string | undefined,
  environment: Environment,
  exchange: Exchange,
): Promise<SourceCredentials> {
  const address = uri ?? environment['ALIBABA_CLOUD_CREDENTIALS_URI'];
  if (!address)
    throw new LoadError('there is no uri, and ALIBABA_CLOUD_CREDENTIALS_URI is not set');
  const protocol = URL.canParse(address) ? new URL(address).protocol : '';
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new LoadError('its address is neither http nor https');
  }
  const { URICredentialsProvider } = await loadCredentialLibrary();
  return loadThroughLibrary({
    provider: URICredentialsProvider.builder().withCredentialsURI(address).build(),
    exchange,
    timeoutMs: URI_TIMEOUT_MS,
    server: 'the credentials URI',
  });
}
