/** The command that makes a revision ready, such as `npm ci`. */
import { Child, exitText } from '../../server/contract/child-process/child.ts';
import { OutputTail } from '../../server/contract/child-process/output-tail.ts';
import { maskCommand } from '../../server/contract/index.ts';
import type { Context } from '../process/context.ts';

const SHOWN_LINES = 5;

/** By a shell, in `folder`. Null: it ended with 0; else why not. Once `stopped`, it is killed with all that it started. */
export async function runSetup(
  { env }: Context,
  command: string,
  folder: string,
  stopped: AbortSignal,
): Promise<string | null> {
  const child = new Child('/bin/sh', ['-c', command], { cwd: folder, env, group: 'swept', stdin: 'ignore' });
  const tail = new OutputTail().follow(child.stdout, child.stderr);
  const kill = () => child.kill('SIGKILL');
  if (stopped.aborted) kill();
  stopped.addEventListener('abort', kill);
  const exit = await child.exited;
  stopped.removeEventListener('abort', kill);
  if (exit.code === 0) return null;
  const said = tail.lastLines(SHOWN_LINES).join('\n');
  return `--setup ended with ${exitText(exit)} (${maskCommand(command).text})${said === '' ? '' : `: ${said}`}`;
}
