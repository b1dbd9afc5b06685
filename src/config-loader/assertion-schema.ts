/** The schema of `assert` in `broker.yaml`. */
import { z } from 'zod';
import { LIST_ACTION, OBJECT_ACTIONS } from '../session-policy/object-actions.ts';
import { text } from './schema-values.ts';

const ACTIONS = [...OBJECT_ACTIONS, LIST_ACTION];

const what = z
  .strictObject({
    issuer: text('the name of an issuer')
      .optional()
      .describe('Callers of this issuer. Default: of any.'),
    grant: text('the name of a grant').optional().describe('By this grant. Default: by any.'),
    permission: z
      .enum(['read', 'write', 'list', 'delete'], { error: 'must be read, write, list or delete' })
      .optional()
      .describe('Any action of this permission. Default: anything, or the action.'),
    action: text('an OSS action')
      .refine((value) => ACTIONS.includes(value), { error: `must be one of ${ACTIONS.join(', ')}` })
      .optional()
      .describe('This OSS action. Default: any.'),
    target: text('a target, e.g. oss://bucket/prefix/')
      .optional()
      .describe('oss://bucket/prefix/, oss://bucket/key or oss://bucket/. Default: anywhere.'),
  })
  .refine((value) => Object.keys(value).length > 0, {
    error: 'must say what: issuer, grant, permission, action or target',
  });

export const assertSchema = z
  .array(
    z.union(
      [
        z.strictObject({ never: what.describe('Nobody can get this, on any part of the target.') }),
        z.strictObject({ always: what.describe('Somebody can get this, on all of the target.') }),
      ],
      {
        error:
          'must be { never: … } or { always: … } with some of issuer, grant, permission or action, and target',
      },
    ),
  )
  .describe('What must hold for everything that this config can ever issue.');

export type AssertInput = z.output<typeof assertSchema>;
