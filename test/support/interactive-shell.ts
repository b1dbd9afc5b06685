/** Interactive shells of this machine, which read commands as they are pasted. */
import { spawn } from 'node:child_process';
import { inject } from 'vitest';

/** How each starts without anybody's settings; null where it is not installed. */
export const SHELLS = [
  { name: 'bash', program: inject('bash'), args: ['--norc', '--noprofile', '-i'] },
  { name: 'zsh', program: inject('zsh'), args: ['-f', '-i'] },
  { name: 'dash', program: inject('dash'), args: ['-i'] },
] as const;

/** What the shell prints, without its prompts, when this is pasted into it. */
export async function paste(
  shell: (typeof SHELLS)[number],
  text: string,
  cwd: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const program = shell.program;
  if (!program) throw new Error(`${shell.name} is looked for if the test file imports this one`);
  const child = spawn(program.path, shell.args, { cwd, env: { ...process.env, PS1: '', PS2: '' } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdin.end(`${text}\n`);
  await closed;
  return { stdout, stderr };
}
