/** Finds single targets that every subject of an issuer shares, beside targets of their own. */
import type { Grant } from '../../config/config.ts';
import type { Rule } from '../finding.ts';

export const sharedPrefix: Rule = {
  id: 'shared-prefix',
  severity: 'warning',
  summary: 'A target without an attribute, in a grant without a condition, is for every subject',
  find: ({ grants }) =>
    grants.flatMap((grant, index) => {
      // where no target has an attribute, the loader speaks of the grant as a whole
      if (isConditional(grant) || !grant.allow.some(hasAttribute)) return [];
      return grant.allow.flatMap((allowance, at) =>
        hasAttribute(allowance)
          ? []
          : {
              path: ['grants', index, 'allow', at, 'target'],
              reason: `has no attribute and the grant no condition, so all subjects of the issuer ${grant.issuer} share ${allowance.target.text}`,
              fix: 'put an attribute into the target, or give it a grant of its own with a condition',
            },
      );
    }),
};

function isConditional({ when }: Grant): boolean {
  return when.some(({ mode }) => mode !== 'report');
}

function hasAttribute({ target }: Grant['allow'][number]): boolean {
  return target.key.some((part) => typeof part !== 'string');
}
