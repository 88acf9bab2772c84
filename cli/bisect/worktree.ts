/** A worktree of the repository in a temporary folder, in which git searches apart from whatever the user does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Commit } from '../../server/contract/index.ts';
import { ask, gitIn } from '../git/git.ts';
import { commitOf, type Ends, type Repository } from '../git/repository.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { safeLines } from '../run/sanitize.ts';

export interface Worktree {
  readonly folder: string;
  /** Puts the files of a commit there; of others, only what git ignores stays. */
  checkOut(commit: Commit): Promise<void>;
  /** Begins the search. The next revision to try, or the end of it. */
  start(ends: Ends): Promise<Next>;
  /** Says how the revision at hand is. */
  mark(verdict: 'good' | 'bad' | 'skip'): Promise<Next>;
  /** Removes it. Also done at exit. */
  close(): Promise<void>;
}

export type Next = { next: Commit } | { first: Commit } | { among: Commit[] };

/** Comes with `git worktree prune` where this process was killed. */
export async function openWorktree(context: Context, { git }: Repository, at: Commit): Promise<Worktree> {
  const parent = mkdtempSync(join(tmpdir(), 'simcity-bisect-'));
  const folder = join(parent, 'tree');
  const remove = async () => {
    await git('worktree', 'remove', '--force', '--force', folder);
    rmSync(parent, { recursive: true, force: true });
    await git('worktree', 'prune');
  };
  const forget = context.atExit(remove);
  const close = async () => {
    forget();
    await remove();
  };
  const own = gitIn(folder, context.env);
  const next = async (...args: string[]): Promise<Next> => {
    await ask(own, 'reset', '--quiet', '--hard');
    await ask(own, 'clean', '-fdq');
    const { code, stderr } = await own('bisect', ...args);
    const end = endOf((await own('bisect', 'log')).stdout);
    if ('first' in end) return { first: await commitOf(own, end.first) };
    if (end.among.length > 0) return { among: await Promise.all(end.among.map((id) => commitOf(own, id))) };
    if (code !== 0) throw failed(stderr);
    return { next: await commitOf(own, 'HEAD') };
  };
  try {
    await ask(git, 'worktree', 'add', '--quiet', '--detach', folder, at.id);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    folder,
    async checkOut({ id }) {
      await ask(own, 'checkout', '--quiet', '--force', '--detach', id);
      await ask(own, 'clean', '-fdq');
    },
    start: ({ good, bad }) => next('start', '--first-parent', bad.id, good.id),
    mark: (verdict) => next(verdict),
    close,
  };
}

/** What git's log of a search says of its end, in words that it does not translate. */
export function endOf(log: string): { first: string } | { among: string[] } {
  const first = /^# first bad commit: \[([0-9a-f]+)\]/m.exec(log)?.[1];
  if (first !== undefined) return { first };
  return {
    among: [...log.matchAll(/^# possible first bad commit: \[([0-9a-f]+)\]/gm)].map(([, id = '']) => id),
  };
}

function failed(stderr: string): CliError {
  return new CliError(`git bisect failed: ${safeLines(stderr.trim())}`, { exitCode: EXIT.unreachable });
}
