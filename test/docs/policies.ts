/** RAM policies of the pages, read as the simulator reads them. */
import { z } from 'zod';
import { parseSessionPolicy } from '../../simulator/sts/policy-grammar.ts';
import type { RamPolicy } from '../../src/session-policy/ram-policy.ts';

const TrustPolicy = z.strictObject({
  Version: z.literal('1'),
  Statement: z.tuple([
    z.strictObject({
      Effect: z.literal('Allow'),
      Action: z.literal('sts:AssumeRole'),
      Principal: z.union([
        z.strictObject({ RAM: z.array(z.string().startsWith('acs:ram::')) }),
        z.strictObject({ Service: z.array(z.string().endsWith('.aliyuncs.com')) }),
      ]),
    }),
  ]),
});

/** A policy that says what an identity may do. Throws if RAM would not take it. */
export const readPolicy = (text: string): RamPolicy => parseSessionPolicy(text);

/** Whom a trust policy names: ARNs, or services. Throws if RAM would not take it. */
export function readTrust(text: string): readonly string[] {
  const [{ Principal }] = TrustPolicy.parse(JSON.parse(text)).Statement;
  return 'RAM' in Principal ? Principal.RAM : Principal.Service;
}
