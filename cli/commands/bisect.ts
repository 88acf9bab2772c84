/** `simcity bisect`: finds the first commit of the user's repository that fails as a run did. */
import { connectForReading } from '../hosting/connect.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { bisectedLines, triedLine } from '../run/bisect-words.ts';
import { runName } from '../run/run-name.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { type BisectFlags, commitsOf, prepareBisect } from '../tasks/bisect.ts';
import { doHere } from '../tasks/do-here.ts';

/** Exit code 0: found; 1: it is not, or an end is not as it was said to be. */
export async function bisect(
  context: Context,
  runId: string,
  flags: BisectFlags & { json?: true },
): Promise<number> {
  const commits = await commitsOf(context, flags);
  const connected = await connectForReading(context, flags);
  const { api } = connected;
  const run = await api.run(runId);
  const { task, interrupted } = await doHere(context, {
    ...{ api, run, kind: 'bisect', again: true },
    prepare: () => prepareBisect(context, commits, { run, connected, flags }),
    cancelling: 'cancelling the search, and removing its worktree',
  });
  await connected.hosted?.close();
  if (interrupted || task.state === 'pending') return EXIT.interrupted;
  if (task.state === 'none') {
    throw new CliError(`no commit is found for run ${runName(run)}: ${safeText(task.reason)}.`, {
      exitCode: EXIT.fail,
    });
  }
  const { result } = task;
  const { bold, dim } = styleFor(wantsColor(context, 'stdout'));
  const [found = '', ...more] = bisectedLines(result);
  const lines = [...result.tried.map(triedLine).map(dim), '', bold(found), ...more];
  await context.out(flags.json ? `${safeJson(result, 2)}\n` : `${lines.join('\n')}\n`);
  return result.first === null ? EXIT.fail : EXIT.pass;
}
