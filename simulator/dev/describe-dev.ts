/** Describes a running `npm run dev`: addresses, what is unusual, and a walk to paste. */
import type { Grant, TrustedIssuer } from '../../src/config/config.ts';
import { PAGE_CLIENT_ID } from '../issuer/page-sign-in.ts';
import type { DevOptions } from './options.ts';
import { type Dev, USUAL_PORTS } from './start-dev.ts';
import { describeWalk, tokenCommand } from './walk.ts';

/** With the page that tries its config. */
export interface DescribedDev extends Dev {
  readonly ports: Readonly<Record<keyof typeof USUAL_PORTS, number>>;
  readonly playgroundUrl: string;
}

/** Text for a terminal, with a line break at its end. */
export function describeDev(dev: DescribedDev, file: string, options: DevOptions): string {
  const { config, brokerUrl, issuersUrl, stsUrl, ossUrl, s3Url, ports } = dev;
  const portOption = ports.issuers === USUAL_PORTS.issuers ? '' : `--port ${ports.issuers} `;
  const tried = config.grants.flatMap((grant) => {
    const issuer = config.issuers.find(({ name }) => name === grant.issuer);
    return issuer === undefined || !isGiving(grant) ? [] : [{ grant, issuer }];
  });
  const walk = tried
    .map((pair) => describeWalk({ ...pair, broker: brokerUrl, portOption }))
    .find((lines) => lines.length > 0);
  return `${[
    '',
    `config   ${file}`,
    `broker   ${brokerUrl}`,
    `issuers  ${issuersUrl}   (stands in for ${config.issuers.map(({ name }) => name).join(', ')})`,
    `STS      ${stsUrl}   (simulated)`,
    `OSS      ${ossUrl}   (simulated; takes plain HTTP for HTTPS)`,
    `S3       ${s3Url}   (the same OSS, for clients of S3)`,
    '',
    `Edit this config in a browser, sign in, and see what it decides: ${dev.playgroundUrl}`,
    '',
    ...describePorts(ports, options),
    ...describePages(dev),
    ...describeLife(options),
    ...describeAddresses(tried, options),
    ...describeTokens(tried, portOption),
    ...(walk === undefined
      ? ['No claims were found that fit a grant, so there is no walk.']
      : [
          'Paste these into another shell in this folder; the audit line of each decision appears here.',
          '',
          ...walk,
        ]),
    'Ctrl+C stops everything; nothing is kept.',
    '',
  ]
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n')}\n`;
}

function isGiving({ mode, disabled }: Grant): boolean {
  return mode !== 'report' && disabled !== true;
}

function describePorts(ports: DescribedDev['ports'], options: DevOptions): readonly string[] {
  const chosen = options.port === undefined ? ['broker' as const] : [];
  const names = [...chosen, 'issuers', 'STS', 'OSS', 'playground'] as const;
  const moved = names.filter((name) => USUAL_PORTS[name] !== ports[name]);
  return moved.map(
    (name) =>
      `Not on its usual port ${USUAL_PORTS[name]}, which is taken: ${name}, now on ${ports[name]}.`,
  );
}

function describePages({ config, issuersUrl }: Dev): readonly string[] {
  const { origins } = config.cors;
  if (origins.length === 0) {
    return ['No page may call the broker: cors.origins is empty. --origin adds one.', ''];
  }
  return [
    `Pages of ${origins.join(', ')} may call the broker and OSS.`,
    `They sign in as client "${PAGE_CLIENT_ID}", with an authorization code and PKCE, at`,
    ...config.issuers.map(({ name }) => `  ${issuersUrl}/${name}/.well-known/openid-configuration`),
    '',
  ];
}

function describeLife({ credentialSeconds }: DevOptions): readonly string[] {
  return credentialSeconds === undefined
    ? []
    : [`Credentials end after ${credentialSeconds} s. The real STS gives no less than 900 s.`, ''];
}

/** Grants whose credentials would be refused from here. */
function describeAddresses(
  tried: readonly { readonly grant: Grant }[],
  { callerAddress }: DevOptions,
): readonly string[] {
  if (callerAddress !== undefined)
    return [`Every request counts as one from ${callerAddress}.`, ''];
  return tried.flatMap(({ grant: { name, restrict } }) => {
    const { sourceIp } = restrict;
    if (sourceIp === undefined || sourceIp === 'caller') return [];
    const [first = ''] = sourceIp;
    return [
      `The grant ${name} works from ${sourceIp.join(', ')} only. To come from there, start with`,
      `  --caller-address ${first.replace(/\/.*$/, '')}`,
      '',
    ];
  });
}

function describeTokens(
  tried: readonly { readonly grant: Grant; readonly issuer: TrustedIssuer }[],
  portOption: string,
): readonly string[] {
  const lines = tried.flatMap(({ grant, issuer }) => {
    const command = tokenCommand(grant, issuer, portOption);
    return command === undefined ? [] : [`  ${grant.name}: ${command}`];
  });
  return lines.length === 0 ? [] : ['A subject token for each grant:', ...lines, ''];
}
