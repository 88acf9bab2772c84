/** The task to bisect: finds in a worktree of the user's repository the first commit that fails as the run did. */
import { isLive, type Run, signatureOf, smallestSchema } from '../../server/contract/index.ts';
import { type OwnFlags, ownOf, refuseUnchanging } from '../bisect/own-code.ts';
import { search } from '../bisect/search.ts';
import { type Ends, endsOf, openRepository, type Repository } from '../git/repository.ts';
import { cityDatabase, citySubject } from '../hosting/city-database.ts';
import type { Connected } from '../hosting/connect.ts';
import { refuseOtherGeneration } from '../hosting/generation.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { runName } from '../run/run-name.ts';
import { noneFor, type PreparedTask } from './do-task.ts';
import { refuseNoFailure } from './failed-run.ts';

export interface BisectFlags extends OwnFlags {
  good: string;
  bad: string;
  repo?: string;
  setup?: string;
  times?: number;
}

/** What is searched. */
export interface Commits {
  repository: Repository;
  ends: Ends;
}

/** @throws CliError before anything is started, for what cannot be searched. */
export async function commitsOf(context: Context, { repo = '.', good, bad }: BisectFlags): Promise<Commits> {
  const repository = await openRepository(context, repo);
  return { repository, ends: await endsOf(repository, good, bad) };
}

/** @throws CliError for a run that has not failed, or that cannot be executed again here. */
export async function prepareBisect(
  context: Context,
  { repository, ends }: Commits,
  { run, connected, flags }: { run: Run; connected: Connected; flags: BisectFlags },
): Promise<PreparedTask<'bisect'>> {
  refuseNoFailure(run, 'bisect');
  refuseOtherGeneration(run);
  const own = ownOf(context, flags, run);
  refuseUnchanging(run, own, repository.top);
  const { failForensic, scenario, target, seed, config } = run;
  if (failForensic === null) throw new Error('A run that has failed has a bundle.');
  const smallest = smallestSchema.safeParse(failForensic.smallest);
  const database = isLive(target, config)
    ? { url: null, close: async () => {} }
    : await cityDatabase(context, flags, citySubject(run), connected);
  const { setup = null, times = null } = flags;
  const subject = { scenario, target, seed, targetUrl: database.url, signature: signatureOf(failForensic) };
  return {
    async execute({ cancelled, over }, onStage) {
      const found = await search(context, {
        ...{ repository, ends, attempt: { ...subject, own, setup, times } },
        smallest: smallest.success ? smallest.data.config : null,
        seed: { ...config, durationSeconds: isLive(target, config) ? config.durationSeconds : null },
        stopped: AbortSignal.any([cancelled, over]),
        onTry: ({ id, subject: said }, number, executions) =>
          onStage({ stage: `revision ${number}, ${id.slice(0, 10)} ${said}`, executions }),
      });
      if (found === null) return null;
      return typeof found === 'string' ? noneFor(found) : { state: 'ready', result: found };
    },
    close: () => database.close(),
  };
}

/** Nobody else has the repository, and revisions are never sent to a server. @throws CliError always. */
export async function declineBisect(_: Context, { run }: { run: Run }): Promise<never> {
  throw usageError(
    `the first bad commit of run ${runName(run)} is searched only where the repository is: simcity bisect ${run.number} --good REV --bad REV.`,
  );
}
