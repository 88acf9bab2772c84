/** The repository whose commits are searched: where it is, and what its revisions are. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Commit } from '../../server/contract/index.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { ask, type Git, gitIn } from './git.ts';

export interface Repository {
  git: Git;
  /** Its topmost folder, with no link in it. */
  top: string;
  /** The folder in which commands are executed, as a path below `top`: `services/api`, or nothing. */
  below: string;
}

/** Of the folder, or of one above it. @throws CliError for one that is in no repository. */
export async function openRepository(context: Context, folder: string): Promise<Repository> {
  const path = resolve(context.cwd, folder);
  const git = gitIn(path, context.env);
  const found = await git('rev-parse', '--show-toplevel', '--show-prefix');
  const [top = '', below = ''] = found.stdout.split('\n');
  if (found.code === 0 && top !== '') return { git, top: realpathSync(top), below };
  throw usageError(
    `${safeText(path)} is in no git repository with files.`,
    'Go to the repository of the service, or name it: --repo DIR.',
  );
}

/** Of the two ends of a search. */
export interface Ends {
  good: Commit;
  bad: Commit;
  /** Commits after `good` up to `bad`, along the first parents. */
  commits: number;
}

/** @throws CliError for a revision that there is not, and where `good` does not come before `bad`. */
export async function endsOf({ git }: Repository, good: string, bad: string): Promise<Ends> {
  const ends = { good: await resolved(git, 'good', good), bad: await resolved(git, 'bad', bad) };
  const isAncestor = (await git('merge-base', '--is-ancestor', ends.good.id, ends.bad.id)).code === 0;
  if (!isAncestor || ends.good.id === ends.bad.id) {
    throw usageError(
      `${safeText(good)} does not come before ${safeText(bad)}: ${ends.good.id === ends.bad.id ? 'they are the same commit' : 'it is not among its ancestors'}.`,
      `Name an older revision with --good: \`git merge-base\` finds one that both have.`,
    );
  }
  const count = await ask(git, 'rev-list', '--count', '--first-parent', `${ends.good.id}..${ends.bad.id}`);
  return { ...ends, commits: Number(count) };
}

async function resolved(git: Git, end: 'good' | 'bad', revision: string): Promise<Commit> {
  const found = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
  if (found.code === 0) return await commitOf(git, found.stdout.trim());
  throw usageError(
    `there is no revision ${safeText(revision)} in the repository.`,
    `--${end} takes a commit, a branch or a tag, as git names them; \`git fetch --unshallow\` brings what a shallow clone lacks.`,
  );
}

/** Between the parts of a commit. */
const BETWEEN = '%x00';

/** `id`: the whole hash. */
export async function commitOf(git: Git, id: string): Promise<Commit> {
  const format = ['%H', '%an', '%cI', '%s'].join(BETWEEN);
  const said = await ask(git, 'show', '--no-patch', `--format=${format}`, id);
  const [hash = id, author = '', date = '', subject = ''] = said.split('\0');
  return { id: hash, author: author.slice(0, 200), date, subject: subject.slice(0, 200) };
}
