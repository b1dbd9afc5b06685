/** What the operator tells `init`: which values there are, and whether one can be used. */
import type { Asked, Preset } from './preset.ts';

export type AnswerName =
  | 'issuer'
  | 'audience'
  | 'tenant'
  | 'bucket'
  | 'region'
  | 'account'
  | 'origin';

export type Answers = Readonly<Partial<Record<AnswerName, string>>>;

const BUCKET: Asked = {
  what: 'bucket',
  example: 'app-media',
  pattern: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
};
const REGION: Asked = {
  what: 'region of the bucket and of the function',
  example: 'cn-hangzhou',
  pattern: /^[a-z]{2}-[a-z0-9-]{2,30}$/,
  usual: 'cn-hangzhou',
};
const ACCOUNT: Asked = {
  what: 'ID of your Alibaba Cloud account',
  example: '123456789012',
  pattern: /^\d{5,20}$/,
};
const ORIGIN: Asked = {
  what: 'origin of the pages that call the broker (empty: none)',
  example: 'https://app.example.com',
  pattern: /^(?:https:\/\/[a-z0-9.-]+(?::\d{1,5})?)?$/,
  usual: '',
};

/** The values that a preset needs, in the order in which they are asked for. */
export function valuesOf({
  issuer,
  audience,
  tenant,
  hasPages,
}: Preset): readonly (readonly [AnswerName, Asked])[] {
  return [
    ...('fixed' in issuer ? [] : [['issuer', issuer] as const]),
    ['audience', audience],
    ...(tenant === undefined ? [] : [['tenant', tenant] as const]),
    ['bucket', BUCKET],
    ['region', REGION],
    ['account', ACCOUNT],
    ...(hasPages ? [['origin', ORIGIN] as const] : []),
  ];
}

/** Why a value cannot be used. Undefined if it can. */
export function problemOf({ what, example, pattern }: Asked, value: string): string | undefined {
  return pattern.test(value) ? undefined : `The ${what} looks like ${example}.`;
}
