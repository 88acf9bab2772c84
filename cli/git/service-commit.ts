/** The commit of the service under test, as far as it can be known. */
import type { Commit } from '../../server/contract/index.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { gitIn } from './git.ts';
import { commitOf } from './repository.ts';

/**
 * Of the repository of the working directory: `revision`, or what is checked out. Without a repository `revision` is taken
 * for a commit of now. @throws CliError where nothing tells it.
 */
export async function commitOfService(
  context: Context,
  revision: string | undefined,
): Promise<Pick<Commit, 'id' | 'date'>> {
  const git = gitIn(context.cwd, context.env);
  const named = `${revision ?? 'HEAD'}^{commit}`;
  const found = await git('rev-parse', '--verify', '--quiet', '--end-of-options', named);
  if (found.code === 0) return await commitOf(git, found.stdout.trim());
  const isRepository = (await git('rev-parse', '--git-dir')).code === 0;
  if (revision !== undefined && !isRepository) return { id: revision, date: new Date().toISOString() };
  throw usageError(
    revision === undefined
      ? '--keep-seeds keeps them by commit of the service, and the working directory is in no git repository with a commit.'
      : `there is no revision ${safeText(revision)} in the repository.`,
    'Name the commit that is tested: --commit REV.',
  );
}
