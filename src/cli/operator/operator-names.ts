/** The names of the commands for operators, in the order of the help. */

export const OPERATOR_NAMES = ['check', 'explain', 'setup', 'compile', 'probe'] as const;

export type OperatorName = (typeof OPERATOR_NAMES)[number];
