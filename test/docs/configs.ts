/** Configs of the pages: as they stand, and made to run beside the simulator. */
import { parse, stringify } from 'yaml';
import { toObject } from '../support/declared.ts';
import { type Block, blockWith } from './pages.ts';

type Members = Readonly<Record<string, unknown>>;

/** Everything that an example may leave out because it is about something else. */
const BASE = `
region: cn-hangzhou
buckets:
  app-media: { region: cn-hangzhou }
  releases: { region: cn-hangzhou }
issuers:
  - name: app
    issuer: https://login.example.com/
    audiences: [oss-token-broker]
    attributes: { user: { claim: sub } }
grants:
  - name: user-files
    issuer: app
    role: acs:ram::123456789012:role/oss-uploader
    allow: [{ target: "oss://app-media/users/{user}/", permissions: [read, write, list] }]
`;

export const README_CONFIG = blockWith('README.md', 'yaml', 'region:');
export const CI_CONFIG = blockWith('docs/config.md', 'yaml', 'githubusercontent');
export const REPORT_CONFIG = blockWith('docs/config.md', 'yaml', 'user-uploads-inbox');

/** A second grant for callers of the README's issuer, so that one of them is ambiguous. */
const TEAM_GRANT = {
  name: 'team-files',
  issuer: 'app',
  when: [{ claim: 'plan', equals: 'team' }],
  role: 'acs:ram::123456789012:role/oss-uploader',
  allow: [{ target: 'oss://app-media/teams/', permissions: ['read'] }],
};

/** An example as a whole config: what it does not name comes from the base. */
export function completeConfig(block: Block): Members {
  return { ...toObject(parse(BASE)), ...toObject(parse(block.text)) };
}

/** The README's config with a second grant, and the issuer and grant of the CI job. */
export function everyCallerConfig(): Members {
  const readme = toObject(parse(README_CONFIG.text));
  const ci = toObject(parse(CI_CONFIG.text));
  return {
    ...readme,
    buckets: { ...toObject(readme['buckets']), releases: { region: 'cn-hangzhou' } },
    issuers: [...toList(readme['issuers']), ...toList(ci['issuers'])],
    grants: [...toList(readme['grants']), TEAM_GRANT, ...toList(ci['grants'])],
    audit: { claims: ['plan'] },
    publicUrl: 'https://broker.example.com',
    surfaces: {
      tokenExchange: true,
      sts: true,
      aws: true,
      credentialUrls: { keys: [{ id: 'k1', keyFrom: 'TICKET_KEY_K1' }] },
    },
  };
}

/** The text of a config that asks the simulator instead of Alibaba Cloud, and OSS over plain HTTP. */
export function toSimulated(
  config: Members,
  options: {
    /** By the address that the example has. */
    readonly issuers: Readonly<Record<string, string>>;
    readonly bucket?: Members;
    readonly corsOrigins?: readonly string[];
  },
): string {
  const { issuers, bucket = { endpoint: '{{oss}}' }, corsOrigins = [] } = options;
  const buckets = Object.entries(toObject(config['buckets'])).map(
    ([name, settings]) => [name, { ...toObject(settings), ...bucket }] as const,
  );
  const text = stringify({
    ...config,
    sts: { ...toObject(config['sts']), endpoint: '{{sts}}' },
    buckets: Object.fromEntries(buckets),
    grants: toList(config['grants']).map((grant) => ({
      ...toObject(grant),
      restrict: { https: false },
    })),
    cors: { origins: corsOrigins },
  });
  return Object.entries(issuers).reduce((all, [from, to]) => all.replaceAll(from, to), text);
}

export function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
