/** Finds grants whose callers may publish objects to everybody. */
import type { Rule } from '../finding.ts';

export const publicAcl: Rule = {
  id: 'public-acl',
  severity: 'warning',
  summary: 'Uploaders can make their objects readable or writable for everybody',
  find: ({ grants }) =>
    grants.flatMap((grant, index) =>
      grant.publicAcl === 'deny'
        ? []
        : {
            path: ['grants', index, 'publicAcl'],
            reason:
              'lets every caller who may write set x-oss-object-acl, and so publish objects that stay public after the credential ends',
            fix: 'remove publicAcl, and publish through a signed URL or a bucket that is meant to be public',
          },
    ),
};
