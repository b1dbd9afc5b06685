/** One rule for each kind of fenced block: what it covers, and what must hold of it. */
import type { Block } from './pages.ts';
import { AUDIT_RULES } from './rules-audit.ts';
import { CHECK_RULES } from './rules-check.ts';
import { CLI_RULES } from './rules-cli.ts';
import { CLIENT_RULES } from './rules-client.ts';
import { CONFIG_RULES } from './rules-config.ts';
import { EXAMPLE_RULES } from './rules-examples.ts';
import { EXPLAIN_RULES } from './rules-explain.ts';
import { INCIDENT_RULES } from './rules-incidents.ts';
import { INIT_RULES } from './rules-init.ts';
import { JSON_RULES } from './rules-json.ts';
import { PROBE_RULES } from './rules-probe.ts';
import { PROGRAM_RULES } from './rules-program.ts';
import { PROVE_RULES } from './rules-prove.ts';
import { S3_RULES } from './rules-s3.ts';
import { SETUP_RULES } from './rules-setup.ts';
import { SHELL_RULES } from './rules-shell.ts';
import { WALK_RULES } from './rules-walks.ts';
import type { World } from './world.ts';

export interface Rule {
  /** Completes the sentence "this block is …". */
  readonly name: string;
  covers(block: Block): boolean;
  check(block: Block, world: World): Promise<void> | void;
}

export const RULES: readonly Rule[] = [
  ...CONFIG_RULES,
  ...JSON_RULES,
  ...S3_RULES,
  ...SHELL_RULES,
  ...PROGRAM_RULES,
  ...AUDIT_RULES,
  ...WALK_RULES,
  ...EXAMPLE_RULES,
  ...CLIENT_RULES,
  ...CLI_RULES,
  ...EXPLAIN_RULES,
  ...PROVE_RULES,
  ...PROBE_RULES,
  ...INCIDENT_RULES,
  ...CHECK_RULES,
  ...INIT_RULES,
  ...SETUP_RULES,
];
