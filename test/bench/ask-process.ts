/** One question to a child process, and its answer. */
import type { ChildProcess } from 'node:child_process';

/** Sends the message, and waits for the next one that comes back. Rejects if the process ends first. */
export function askProcess<Answer>(child: ChildProcess, message?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`a process ended early: ${child.spawnargs.join(' ')}`));
    child.once('exit', onExit);
    child.once('message', (answer: Answer) => {
      child.off('exit', onExit);
      resolve(answer);
    });
    if (message !== undefined) child.send(message);
  });
}
