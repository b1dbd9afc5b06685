/** Reports numbers in conditions that cannot be compared exactly. */
import { isExactNumber } from '../grants/conditions.ts';
import type { Report } from './config-problems.ts';
import type { GrantInput } from './grant-schema.ts';

/** JSON and YAML give 1234567890123456789 and its neighbours one value, so a condition would match them all. */
export function checkNumbers(when: GrantInput['when'], report: Report): void {
  for (const [index, condition] of when.entries()) {
    for (const operator of ['equals', 'in', 'contains'] as const) {
      const value: unknown = operator in condition ? Reflect.get(condition, operator) : undefined;
      for (const one of [value].flat()) {
        if (typeof one !== 'number' || isExactNumber(one)) continue;
        report(
          ['when', index, operator],
          'has a number beyond 2^53, which equals its neighbours; write it in quotes, and let the issuer send a string',
        );
      }
    }
  }
}
