/** JSON on the pages: answers and audit lines, which the broker must give just so, and RAM policies. */
import { expect } from 'vitest';
import { throughContainer } from '../support/aws.ts';
import { makeUrl } from '../support/credential-urls.ts';
import { createAnswerCheck, toObject } from '../support/declared.ts';
import { throughSts } from '../support/sts-door.ts';
import { throughTokenExchange } from '../support/token-exchange.ts';
import { completeConfig, everyCallerConfig, REPORT_CONFIG, toList } from './configs.ts';
import { readPolicy, readTrust } from './policies.ts';
import type { Rule } from './rules.ts';
import { startWorld } from './world.ts';

const whatIsWrong = createAnswerCheck();
const TARGET = 'oss://app-media/users/42/avatar.png';

/** Members by name, and whether each is text, a number, a list or an object, all the way down. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  const members = Object.entries(value).map(([name, member]) => [name, shapeOf(member)] as const);
  return Object.fromEntries(members);
}

const jsonRule = (name: string, members: readonly string[], check: Rule['check']): Rule => ({
  name,
  covers({ page, language, text }) {
    // what a command reads has a rule of its own
    if (language !== 'json' || page === 'docs/explain.md') return false;
    const value = toObject(JSON.parse(text));
    return members.every((member) =>
      member.startsWith('!') ? !(member.slice(1) in value) : member in value,
    );
  },
  check,
});

const answer = jsonRule('the answer of the broker', ['StatusCode'], async ({ text }, world) => {
  const shown = toObject(JSON.parse(text));
  const headers = {
    'x-request-id': String(shown['RequestId']),
    date: new Date().toUTCString(),
    'cache-control': 'no-store',
    'content-type': 'application/json',
  };
  const { body } = await world.broker.ask({
    token: await world.token('app'),
    body: { Grant: 'user-files', Target: TARGET, Permissions: ['write'] },
  });

  expect(whatIsWrong('POST', '/v1/credentials', { status: 200, headers, text })).toBeUndefined();
  expect(shapeOf(shown)).toEqual(shapeOf(body));
});

const problem = jsonRule(
  'a refusal of the broker',
  ['requestId', 'code', '!Code'],
  async ({ text }, world) => {
    const { requestId, ...shown } = toObject(JSON.parse(text));
    const token = await world.token('app', { plan: 'team' });
    const { body } = await world.broker.ask({ token });

    expect(body).toEqual({ ...shown, requestId: body['requestId'] });
    expect(typeof requestId).toBe('string');
  },
);

const credentialUrl = jsonRule('a credential URL', ['Url'], async ({ text }, world) => {
  const shown = toObject(JSON.parse(text));
  const headers = {
    'x-request-id': String(shown['RequestId']),
    'cache-control': 'no-store',
    'content-type': 'application/json',
    'referrer-policy': 'no-referrer',
  };
  const { body } = await makeUrl(world.broker, {
    token: await world.token('app'),
    body: { Grant: 'user-files', Permissions: ['read', 'write'], Uses: 20 },
  });
  const path = '/v1/credential-urls';

  expect(whatIsWrong('POST', path, { status: 200, headers, text })).toBeUndefined();
  expect(shapeOf(shown)).toEqual(shapeOf(body));
});

const exchanged = jsonRule(
  'the answer to a token exchange',
  ['issued_token_type'],
  async ({ text }, world) => {
    const shown = toObject(JSON.parse(text));
    const headers = {
      'x-request-id': 'any-request',
      'cache-control': 'no-store',
      'content-type': 'application/json',
    };
    const { body } = await throughTokenExchange(world.broker).ask({
      token: await world.token('app'),
      body: { Grant: 'user-files', Target: TARGET, Permissions: ['write'] },
    });

    expect(whatIsWrong('POST', '/oauth/token', { status: 200, headers, text })).toBeUndefined();
    expect(shapeOf(shown)).toEqual(shapeOf(body));
    for (const name of ['issued_token_type', 'token_type', 'scope']) {
      expect(shown[name]).toBe(body[name]);
    }
  },
);

const exchangeRefused = jsonRule(
  'a refusal of a token exchange',
  ['error', 'request_id'],
  async ({ text }, world) => {
    const { request_id: requestId, ...shown } = toObject(JSON.parse(text));
    const token = await world.token('app', { plan: 'team' });
    const { body } = await throughTokenExchange(world.broker).ask({ token });

    expect(body).toEqual({ ...shown, request_id: body['request_id'] });
    expect(typeof requestId).toBe('string');
  },
);

const container = jsonRule(
  'the answer with container credentials',
  ['Token', 'Grant'],
  async ({ text }, world) => {
    const shown = toObject(JSON.parse(text));
    const headers = {
      'x-request-id': 'any-request',
      'cache-control': 'no-store',
      'content-type': 'application/json',
    };
    const { body } = await throughContainer(world.broker).ask({
      token: await world.token('app'),
      body: { Grant: 'user-files', Target: TARGET, Permissions: 'write' },
    });

    expect(whatIsWrong('GET', '/v1/aws-credentials', { status: 200, headers, text })).toBe(
      undefined,
    );
    expect(shapeOf(shown)).toEqual(shapeOf(body));
  },
);

const containerRefused = jsonRule(
  'a refusal of container credentials',
  ['code', 'Code'],
  async ({ text }, world) => {
    const { requestId, ...shown } = toObject(JSON.parse(text));
    const token = await world.token('app', { plan: 'team' });
    const { body } = await throughContainer(world.broker).ask({ token });

    expect(body).toEqual({ ...shown, requestId: body['requestId'] });
    expect(typeof requestId).toBe('string');
  },
);

const asSts = jsonRule('the answer of STS', ['AssumedRoleUser'], async ({ text }, world) => {
  const shown = toObject(JSON.parse(text));
  const headers = {
    'x-request-id': 'any-request',
    'cache-control': 'no-store',
    'content-type': 'application/json;charset=utf-8',
  };
  const { body } = await throughSts(world.broker).ask({
    token: await world.token('app'),
    body: { Grant: 'user-files' },
  });

  expect(whatIsWrong('POST', '/', { status: 200, headers, text })).toBeUndefined();
  expect(shapeOf(shown)).toEqual(shapeOf(body));
});

const refusedAsSts = jsonRule('a refusal of STS', ['HostId'], async ({ text }, world) => {
  const { RequestId: requestId, ...shown } = toObject(JSON.parse(text));
  const token = await world.token('app', { plan: 'team' });
  const { body } = await throughSts(world.broker).ask({ token });

  expect(body).toEqual({ ...shown, RequestId: body['RequestId'] });
  expect(typeof requestId).toBe('string');
});

const audited = jsonRule('an audit line', ['decision', 'time'], async ({ text }) => {
  // a broker of its own, since an answer that is used again has another line
  const world = await startWorld({ config: everyCallerConfig() });
  const shown = toObject(JSON.parse(text));
  const isGranted = shown['decision'] === 'granted';
  const claims = isGranted ? {} : { plan: 'free' };
  await world.broker.ask({
    token: await world.token('app', claims),
    body: { Grant: isGranted ? 'user-files' : 'team-files' },
  });
  const line = world.broker.auditLines().at(-1) ?? {};
  await world.close();

  expect(shapeOf(shown)).toEqual(shapeOf(line));
  for (const name of ['decision', 'reason', 'why', 'subject', 'claims', 'grant', 'targets']) {
    expect(shown[name]).toEqual(line[name]);
  }
});

const reported = jsonRule(
  'an audit line in report mode',
  ['reported', '!time'],
  async ({ text }) => {
    const world = await startWorld({ config: completeConfig(REPORT_CONFIG) });
    const { status } = await world.broker.ask({
      token: await world.token('app', { plan: 'free' }),
      body: { Target: 'oss://app-media/users/42/photos/' },
    });
    const line = world.broker.auditLines().at(-1);
    await world.close();

    expect(status).toBe(200);
    expect(line).toMatchObject(toObject(JSON.parse(text)));
  },
);

const narrowing: Rule = {
  name: 'a policy that narrows a grant',
  covers: ({ language, text }) => language === 'json' && statementsOf(text).length > 1,
  async check({ text }, world) {
    const { status } = await throughSts(world.broker).ask({
      token: await world.token('app'),
      body: { Grant: 'user-files', Policy: text },
    });

    expect(status).toBe(200);
    expect(world.broker.auditLines().at(-1)).toMatchObject({
      targets: [
        {
          target: 'oss://app-media/users/42/photos/',
          permissions: ['read', 'list', 'oss:PutObject'],
        },
      ],
    });
  },
};

function statementsOf(text: string): readonly unknown[] {
  return toList(toObject(JSON.parse(text))['Statement']);
}

const policy = jsonRule('a RAM policy', ['Version', 'Statement'], ({ text }) => {
  const [statement] = toList(toObject(JSON.parse(text))['Statement']).map(toObject);
  if (statement?.['Principal'] === undefined) expect(readPolicy(text).Statement).toHaveLength(1);
  else expect(readTrust(text)).toHaveLength(1);
});

/** Of one statement. */
const onePolicy: Rule = {
  ...policy,
  covers: (block) => policy.covers(block) && statementsOf(block.text).length === 1,
};

export const JSON_RULES: readonly Rule[] = [
  narrowing,
  answer,
  problem,
  credentialUrl,
  exchanged,
  exchangeRefused,
  container,
  containerRefused,
  asSts,
  refusedAsSts,
  audited,
  reported,
  onePolicy,
];
