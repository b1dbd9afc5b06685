/** Finds grants whose credentials work over plain HTTP. */
import type { Rule } from '../finding.ts';

export const plainHttp: Rule = {
  id: 'plain-http',
  severity: 'warning',
  summary: 'A credential that works over plain HTTP shows its security token on the way',
  find: ({ grants }) =>
    grants.flatMap(({ restrict }, index) =>
      restrict.https
        ? []
        : {
            path: ['grants', index, 'restrict', 'https'],
            reason:
              'lets the credential be used over plain HTTP, where anybody on the way reads along',
            fix: 'remove https: false',
          },
    ),
};
