/** `get`: prints a credential, or writes it to a file. */
import type { CommandSpec } from '../arguments/command-spec.ts';
import type { Arguments } from '../arguments/read-arguments.ts';
import { createAsk, REQUEST_OPTIONS, readTimeout } from '../broker/request-options.ts';
import { withRetries } from '../broker/with-retries.ts';
import { FORMATS } from '../formats/formats.ts';
import { CliError, EXIT } from '../system/cli-error.ts';
import type { Machine } from '../system/machine.ts';

const DEFAULT_FORMAT = 'json';
const DEFAULT_PROFILE = 'default';

/** The first line of a file, by which a later call knows that it may write the file again. */
const MARK = '# Written by oss-token-broker. Changes are lost.';

export const spec: CommandSpec = {
  name: 'get',
  summary: 'prints a credential, or writes it to a file',
  usage: '[options]',
  options: [
    {
      name: 'format',
      short: 'f',
      value: 'name',
      choices: Object.keys(FORMATS),
      text: `what the credential looks like (${DEFAULT_FORMAT}); see below`,
    },
    {
      name: 'output',
      short: 'o',
      value: 'path',
      isPath: true,
      text: 'writes a file that only you can read',
    },
    { name: 'overwrite', text: 'replaces a file that this program did not write' },
    {
      name: 'profile',
      value: 'name',
      text: `the section of a configuration file (${DEFAULT_PROFILE})`,
    },
    ...REQUEST_OPTIONS,
  ],
  examples: [
    [
      'set environment variables of this shell',
      'variables=$(oss-token-broker get --grant acme-reports --token-file token.jwt --format sh) && eval "$variables"',
    ],
    [
      'the same in fish, and in PowerShell',
      'oss-token-broker get --grant acme-reports --token-file token.jwt --format fish | source',
      'oss-token-broker get --grant acme-reports --token-file token.jwt --format powershell | Out-String | Invoke-Expression',
    ],
    [
      'less than the grant allows, for a quarter of an hour',
      'oss-token-broker get --grant acme-reports --permissions write --duration 15m --token-file token.jwt',
    ],
    [
      'in a job of GitHub Actions',
      'oss-token-broker get --grant releases --token-from github-actions --format sh',
    ],
    [
      'a file for ossutil',
      'oss-token-broker get --grant acme-reports --token-file token.jwt --format ossutil-file --output oss.conf',
    ],
  ],
  notes: [
    'Formats:',
    ...Object.entries(FORMATS).map(([name, { text }]) => `  ${name.padEnd(12)}  ${text}`),
  ],
};

/** Prints data on standard output and messages on standard error. Returns the exit code. */
export async function run(args: Arguments, machine: Machine): Promise<number> {
  const format = FORMATS[args.text('format') ?? DEFAULT_FORMAT];
  if (format === undefined) throw new Error('the parser lets no other format through');
  const path = args.text('output');
  const profile = args.text('profile') ?? DEFAULT_PROFILE;
  if (format.isFile && path === undefined) {
    throw new CliError(EXIT.usage, 'This format is a file: --output says where.');
  }
  if (!/^[A-Za-z0-9._-]+$/.test(profile)) {
    throw new CliError(EXIT.usage, '--profile has letters, digits, dots, hyphens and underscores.');
  }
  const credential = await withRetries(createAsk(args, machine), machine, readTimeout(args));
  const text = format.render(credential, profile);
  if (path === undefined) {
    await machine.print(text);
    if (machine.printsToTerminal) {
      machine.tell('The lines above hold a secret. --output writes a file that only you can read.');
    }
    return EXIT.done;
  }
  const { writePrivateFile } = await import('../system/private-file.ts');
  const written = await writePrivateFile({
    path,
    overwrite: args.has('overwrite'),
    ...(format.hasComments ? { text: `${MARK}\n${text}`, mark: MARK } : { text }),
  });
  machine.tell(`${path}: ${written}, valid until ${credential.expiration}`);
  return EXIT.done;
}
