/** Reads the address of the broker, which gets the subject token. */
import type { Arguments } from '../arguments/read-arguments.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import { isLoopbackHost } from '../system/local-address.ts';
import type { Environment } from '../system/machine.ts';

const VARIABLE = 'OSS_TOKEN_BROKER_URL';

/** From `--broker` or the environment. Throws a CliError for one that would show the subject token to others. */
export function readBrokerUrl(args: Arguments, environment: Environment): URL {
  const given = args.text('broker');
  const text = given ?? environment[VARIABLE] ?? '';
  const name = given === undefined ? VARIABLE : '--broker';
  if (text === '') {
    throw new CliError(EXIT.usage, `There is no broker. Set ${VARIABLE}, or use --broker.`);
  }
  return parseBrokerUrl(text, name);
}

/** `name`: what the address is called. Throws a CliError for one that would show the subject token to others. */
export function parseBrokerUrl(text: string, name: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) {
    throw new CliError(EXIT.usage, `${name} must be a URL such as https://broker.example.com`);
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new CliError(EXIT.usage, `${name} must begin with https://, except on loopback.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new CliError(EXIT.usage, `${name} must have no user, no query and no fragment.`);
  }
  return url;
}

/** The address of a path of the API, below the address of the broker. */
export function endpointOf(broker: URL, path: string): URL {
  return new URL(`${broker.pathname.replace(/\/+$/, '')}${path}`, broker);
}
