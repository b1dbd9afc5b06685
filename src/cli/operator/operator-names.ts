/** The names of the commands for operators, in the order of the help. */

export const OPERATOR_NAMES = [
  'init',
  'check',
  'prove',
  'explain',
  'setup',
  'compile',
  'doctor',
  'probe',
] as const;

export type OperatorName = (typeof OPERATOR_NAMES)[number];
