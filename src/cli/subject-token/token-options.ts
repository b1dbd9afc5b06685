/** The options that say where the subject token comes from. It is never an argument itself. */
import type { OptionSpec } from '../arguments/command-spec.ts';

export const PLATFORMS = ['github-actions', 'gitlab', 'kubernetes'] as const;

export const TOKEN_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'token-file',
    value: 'path',
    isPath: true,
    text: 'reads the subject token from a file, again for each credential',
  },
  { name: 'token-stdin', text: 'reads the subject token from standard input' },
  {
    name: 'token-env',
    value: 'name',
    text: 'reads the subject token from this environment variable',
  },
  {
    name: 'token-command',
    value: 'command',
    text: 'runs this command line, which prints a subject token, for each credential',
  },
  {
    name: 'token-from',
    value: 'platform',
    choices: PLATFORMS,
    text: `uses the identity that ${PLATFORMS.join(', ')} gives to a job or pod`,
  },
  {
    name: 'audience',
    value: 'text',
    text: 'the audience to ask GitHub Actions for (oss-token-broker)',
  },
];
