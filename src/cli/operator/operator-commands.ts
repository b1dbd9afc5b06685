/** The commands for operators: who writes, checks and deploys `broker.yaml`. */
import type { Command } from '../arguments/command.ts';
import type { OperatorName } from './operator-names.ts';

export const OPERATOR_COMMANDS: Readonly<Record<OperatorName, () => Promise<Command>>> = {
  init: () => import('./init.ts'),
  check: () => import('./check.ts'),
  prove: () => import('./prove.ts'),
  compile: () => import('./compile.ts'),
  setup: () => import('./setup.ts'),
  doctor: () => import('./doctor.ts'),
  explain: () => import('./explain.ts'),
  probe: () => import('./probe.ts'),
};
