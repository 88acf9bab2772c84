/** Calls git in a folder, apart from what the environment says of another repository. */
import { text } from 'node:stream/consumers';
import { Child, exitText } from '../../server/contract/child-process/child.ts';
import { CliError, EXIT, usageError } from '../process/errors.ts';
import { safeLines } from '../run/sanitize.ts';

export interface GitAnswer {
  /** Null: a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Of a folder: answers, whatever the exit code is. @throws CliError where there is no git. */
export type Git = (...args: readonly string[]) => Promise<GitAnswer>;

/** Hooks of the repository are for its people: they are left out. */
const USUAL = ['-c', 'core.hooksPath=/dev/null', '-c', 'advice.detachedHead=false'];

export function gitIn(folder: string, env: Readonly<Record<string, string | undefined>>): Git {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('GIT_')));
  return async (...args) => {
    // A group of its own: what Ctrl-C ends must not leave a worktree half made.
    const child = new Child('git', [...USUAL, ...args], {
      cwd: folder,
      stdin: 'ignore',
      env: { ...own, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
    });
    const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), child.exited]);
    if (exit.spawnError === null) return { code: exit.code, stdout, stderr };
    throw usageError(`git cannot be executed: ${exitText(exit)}.`, 'Install git, version 2.29 or newer.');
  };
}

/** What git prints. @throws CliError when it ends with another code than 0. */
export async function ask(git: Git, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await git(...args);
  if (code === 0) return stdout.trimEnd();
  throw new CliError(`git ${args[0]} failed: ${safeLines(stderr.trim() || `exit code ${code}`)}`, {
    exitCode: EXIT.unreachable,
  });
}
