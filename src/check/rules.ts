/** Every rule of `check`, in the order of docs/check.md. */
import type { Rule, RuleInfo } from './finding.ts';
import { LOADER_RULES } from './loader-rules.ts';
import { ambiguousGrant } from './rules/ambiguous-grant.ts';
import { duplicateGrant } from './rules/duplicate-grant.ts';
import { durationBeyondRole } from './rules/duration-beyond-role.ts';
import { missingCors } from './rules/missing-cors.ts';
import { mutableAttribute } from './rules/mutable-attribute.ts';
import { mutableName } from './rules/mutable-name.ts';
import { plainHttp } from './rules/plain-http.ts';
import { policyNearLimit } from './rules/policy-near-limit.ts';
import { publicAcl } from './rules/public-acl.ts';
import { shadowedGrant } from './rules/shadowed-grant.ts';
import { sharedPrefix } from './rules/shared-prefix.ts';
import { SILENCE_RULES } from './silence-rules.ts';

/** The rules that only `check` applies: a broker starts without them. */
export const RULES: readonly Rule[] = [
  mutableName,
  mutableAttribute,
  sharedPrefix,
  duplicateGrant,
  shadowedGrant,
  ambiguousGrant,
  publicAcl,
  plainHttp,
  durationBeyondRole,
  policyNearLimit,
  missingCors,
];

export const ALL_RULES: readonly RuleInfo[] = [...LOADER_RULES, ...RULES, ...SILENCE_RULES];
