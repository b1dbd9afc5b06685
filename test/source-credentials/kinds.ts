/** Sets up every kind of source credentials so that it works, can be rotated, and can be spoiled. */

import type { SourceCredentialsSettings } from '../../src/config/source-credentials-settings.ts';
import type { SourceCredentialsProvider } from '../../src/ports.ts';
import { createSourceCredentials } from '../../src/source-credentials/create-source-credentials.ts';
import { BROKER_ROLE_ARN, CANARY, type CredentialServer, OIDC_ARN, type World } from './world.ts';

export const SPOILS = ['broken', 'slow', 'empty', 'malformed', 'expired'] as const;
type Spoil = (typeof SPOILS)[number];

interface ArrangedKind {
  readonly provider: SourceCredentialsProvider;
  /** Replaces the credentials; the old ones are invalid at once. Absent: this kind cannot rotate. */
  readonly rotate?: () => Promise<void>;
  /** Makes the source unusable, and returns what the problem must match. */
  readonly spoil?: Readonly<Partial<Record<Spoil, () => Promise<RegExp>>>>;
}

export interface Kind {
  readonly name: string;
  /** Its name in problems. */
  readonly source: string;
  readonly arrange: (
    world: World,
    options: { readonly hasShortDeadlines: boolean },
  ) => Promise<ArrangedKind>;
}

type Arrange = Kind['arrange'];

function fromSettings(
  prepare: (world: World) => Promise<{
    readonly settings: SourceCredentialsSettings;
    readonly renew: () => Promise<void>;
    readonly spoil?: ArrangedKind['spoil'];
  }>,
): Arrange {
  return async (world, options) => {
    const { settings, renew, spoil } = await prepare(world);
    await renew();
    const tools = { ...world.createTools(options) };
    return {
      provider: createSourceCredentials(settings, tools),
      rotate: () => world.replaceIdentities(renew),
      ...(spoil === undefined ? {} : { spoil }),
    };
  };
}

const aUser = (world: World) => async () => {
  const { accessKeyId, accessKeySecret } = world.createUserKey();
  world.environment['ALIBABA_CLOUD_ACCESS_KEY_ID'] = accessKeyId;
  world.environment['ALIBABA_CLOUD_ACCESS_KEY_SECRET'] = accessKeySecret;
};

function spoilSts({ sts }: World): ArrangedKind['spoil'] {
  return {
    broken: async () => {
      sts.faults.set({ kind: 'json5xx', code: 'InternalError' });
      return /STS answered InternalError/;
    },
    slow: async () => {
      sts.faults.set({ kind: 'hang' });
      return /no answer within \d+ ms/;
    },
    empty: async () => {
      sts.faults.set({ kind: 'empty200' });
      return /STS sent an empty answer/;
    },
    malformed: async () => {
      sts.faults.set({ kind: 'malformedCredentials', omit: ['AccessKeySecret'] });
      return /is not JSON or lacks a part of the credentials/;
    },
    expired: async () => {
      sts.faults.set({ kind: 'malformedCredentials', set: { Expiration: '2020-01-01T00:00:00Z' } });
      return /the source gave expired credentials/;
    },
  };
}

const EXPIRED = '2020-01-01T00:00:00Z';

/** Writes texts that are not usable credentials, and returns what the problem must match. */
function spoilText(
  world: World,
  put: (text: string) => Promise<unknown>,
): Record<'empty' | 'malformed' | 'expired', () => Promise<RegExp>> {
  return {
    empty: async () => {
      await put('');
      return /gave no content|empty answer/;
    },
    malformed: async () => {
      const { AccessKeyId } = world.createSession();
      await put(JSON.stringify({ AccessKeyId, SecurityToken: CANARY }));
      return /no AccessKeySecret|lacks a part of the credentials/;
    },
    expired: async () => {
      await put(JSON.stringify({ ...world.createSession(), Expiration: EXPIRED }));
      return /the source gave expired credentials/;
    },
  };
}

function spoilServer(world: World, server: CredentialServer): ArrangedKind['spoil'] {
  return {
    ...spoilText(world, async (text) => {
      const body = text.replace('{', '{"Code":"Success",');
      server.answer = { status: 200, body };
    }),
    broken: async () => {
      server.answer = { status: 500, body: `{"AccessKeySecret":"${CANARY}"}` };
      return /answered with status 500/;
    },
    slow: async () => {
      server.answer = 'hang';
      return /no answer within \d+ ms/;
    },
  };
}

const serve = (server: CredentialServer, world: World) => async () => {
  server.answer = {
    status: 200,
    body: JSON.stringify({ Code: 'Success', ...world.createSession() }),
  };
};

const ROLE = { role: BROKER_ROLE_ARN, roleSessionName: 'broker' };

export const KINDS: readonly Kind[] = [
  {
    name: 'RAM user in the environment',
    source: 'environment',
    arrange: fromSettings(async (world) => ({
      settings: { type: 'environment' },
      renew: aUser(world),
    })),
  },
  {
    name: 'STS token in the environment, with the names of the OSS SDKs',
    source: 'environment',
    arrange: fromSettings(async (world) => ({
      settings: { type: 'environment' },
      renew: async () => {
        const session = world.createSession();
        world.environment['OSS_ACCESS_KEY_ID'] = session.AccessKeyId;
        world.environment['OSS_ACCESS_KEY_SECRET'] = session.AccessKeySecret;
        world.environment['OSS_SESSION_TOKEN'] = session.SecurityToken;
      },
    })),
  },
  {
    name: 'STS token in a file',
    source: 'file',
    arrange: fromSettings(async (world) => {
      const put = (text: string) => world.writeText('credentials.json', text);
      const path = await put('');
      return {
        settings: { type: 'file', path },
        renew: async () => void (await put(JSON.stringify(world.createSession()))),
        spoil: {
          ...spoilText(world, put),
          broken: async () => {
            await put(`{"AccessKeyId":"${CANARY}`);
            return /not JSON/;
          },
        },
      };
    }),
  },
  {
    name: 'RAM role, assumed by a RAM user',
    source: 'ram_role_arn',
    arrange: fromSettings(async (world) => ({
      settings: { type: 'ram_role_arn', ...ROLE, durationSeconds: 900 },
      renew: aUser(world),
      spoil: spoilSts(world),
    })),
  },
  {
    name: 'RAM role, assumed with an STS token from a file',
    source: 'ram_role_arn',
    arrange: fromSettings(async (world) => {
      const put = (text: string) => world.writeText('base.json', text);
      const path = await put('');
      return {
        settings: { type: 'ram_role_arn', ...ROLE, from: { type: 'file', path } },
        renew: async () => void (await put(JSON.stringify(world.createSession()))),
        spoil: spoilSts(world),
      };
    }),
  },
  {
    name: 'instance role, named',
    source: 'ecs_ram_role',
    arrange: fromSettings(async (world) => ({
      settings: { type: 'ecs_ram_role', roleName: 'EcsRoleExample' },
      renew: serve(world.metadata, world),
      spoil: spoilServer(world, world.metadata),
    })),
  },
  {
    name: 'instance role, discovered',
    source: 'ecs_ram_role',
    arrange: fromSettings(async (world) => ({
      settings: { type: 'ecs_ram_role', onlyMetadataV2: true },
      renew: serve(world.metadata, world),
      spoil: spoilServer(world, world.metadata),
    })),
  },
  {
    name: 'RAM role, assumed with the token of a service account',
    source: 'oidc_role_arn',
    arrange: fromSettings(async (world) => {
      // as RRSA puts it into the environment of a pod
      world.environment['ALIBABA_CLOUD_ROLE_ARN'] = BROKER_ROLE_ARN;
      world.environment['ALIBABA_CLOUD_OIDC_PROVIDER_ARN'] = OIDC_ARN;
      return {
        settings: { type: 'oidc_role_arn' },
        renew: async () => {
          world.environment['ALIBABA_CLOUD_OIDC_TOKEN_FILE'] = await world.writeClusterToken();
        },
        spoil: spoilSts(world),
      };
    }),
  },
  {
    name: 'credentials URI',
    source: 'credentials_uri',
    arrange: fromSettings(async (world) => ({
      settings: { type: 'credentials_uri', uri: `${world.uri.url}/?ticket=${CANARY}` },
      renew: serve(world.uri, world),
      spoil: spoilServer(world, world.uri),
    })),
  },
  {
    name: 'process',
    source: 'process',
    arrange: fromSettings(async (world) => {
      const output = (text: string) => world.writeText('output.json', text);
      const path = await output('');
      const run = (script: string) => world.writeText('program.sh', script);
      const program = await run(`exec cat '${path}'`);
      return {
        settings: { type: 'process', command: ['/bin/sh', program] },
        renew: async () => {
          const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = world.createSession();
          // the form of the CLI's External mode
          const session = { access_key_id: AccessKeyId, access_key_secret: AccessKeySecret };
          const more = { mode: 'StsToken', sts_token: SecurityToken, expiration: Expiration };
          await output(JSON.stringify({ ...session, ...more }));
        },
        spoil: {
          ...spoilText(world, output),
          broken: async () => {
            await run(`echo ${CANARY} >&2; echo ${CANARY}; exit 3`);
            return /the program ended with exit code 3/;
          },
          slow: async () => {
            await run('exec sleep 60');
            return /no answer within \d+ ms|the program cannot be run/;
          },
        },
      };
    }),
  },
  {
    name: 'module',
    source: 'module',
    arrange: fromSettings(async (world) => {
      const put = (text: string) => world.writeText('given.json', text);
      const given = await put('');
      const path = await world.writeText(
        'source.mjs',
        `import { readFile } from 'node:fs/promises';
         export async function getCredentials() {
           const text = await readFile(${JSON.stringify(given)}, 'utf8');
           if (text === 'hang') return new Promise(() => {});
           return text === '' ? undefined : JSON.parse(text);
         }`,
      );
      return {
        settings: { type: 'module', path },
        renew: async () => void (await put(JSON.stringify(world.createSession()))),
        spoil: {
          ...spoilText(world, put),
          empty: async () => {
            await put('');
            return /not an object with credentials/;
          },
          broken: async () => {
            await put(`${CANARY} is not JSON`);
            return /its getCredentials threw"/;
          },
          slow: async () => {
            await put('hang');
            return /no answer within \d+ ms/;
          },
        },
      };
    }),
  },
  {
    name: 'CLI profile',
    source: 'profile',
    arrange: fromSettings(async (world) => {
      const put = (text: string) => world.writeText('config.json', text);
      const path = await put('');
      const role = { ram_role_arn: BROKER_ROLE_ARN, ram_session_name: 'broker' };
      return {
        settings: { type: 'profile', path, name: 'broker' },
        renew: async () => {
          const { accessKeyId, accessKeySecret } = world.createUserKey();
          const user = { access_key_id: accessKeyId, access_key_secret: accessKeySecret };
          const profile = { name: 'broker', mode: 'RamRoleArn', ...user, ...role };
          await put(JSON.stringify({ current: 'default', profiles: [profile] }));
        },
        spoil: spoilSts(world),
      };
    }),
  },
  {
    name: 'default chain that ends at the credentials URI',
    source: 'default_chain',
    arrange: fromSettings(async (world) => {
      world.metadata.answer = { status: 404, body: 'no role is attached' };
      world.environment['ALIBABA_CLOUD_CREDENTIALS_URI'] = world.uri.url;
      return {
        settings: { type: 'default_chain' },
        renew: serve(world.uri, world),
        spoil: spoilServer(world, world.uri),
      };
    }),
  },
  {
    name: 'role of a function',
    source: 'function',
    arrange: fromSettings(async (world) => ({
      settings: { type: 'function' },
      renew: async () => {
        const session = world.createSession();
        world.environment['ALIBABA_CLOUD_ACCESS_KEY_ID'] = session.AccessKeyId;
        world.environment['ALIBABA_CLOUD_ACCESS_KEY_SECRET'] = session.AccessKeySecret;
        world.environment['ALIBABA_CLOUD_SECURITY_TOKEN'] = session.SecurityToken;
      },
    })),
  },
];
