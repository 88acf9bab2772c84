/** `simcity replay --verify`: executes a run's seed again and holds the two histories against each other. */
import type { Run, Task, Verified } from '../../server/contract/index.ts';
import { connectForReading } from '../hosting/connect.ts';
import { partingText } from '../output/parting.ts';
import { styleFor } from '../output/style.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { formatNumber } from '../run/format.ts';
import { renamedText } from '../run/proof.ts';
import { runName } from '../run/run-name.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { doHere } from '../tasks/do-here.ts';
import type { PreparedTask } from '../tasks/do-task.ts';
import { prepareVerify } from '../tasks/verify.ts';

export interface VerifyFlags {
  server?: string;
  dataDir?: string;
  json?: true;
}

/** Exit code 0: the same history; 1: another one. */
export async function verify(context: Context, runId: string, flags: VerifyFlags): Promise<number> {
  const connected = await connectForReading(context, flags);
  const { api } = connected;
  const run = await api.run(runId);
  const prepare = () => prepareVerify(context, { run, connected, flags });
  const { task } = await doHere(context, {
    ...{ api, run, kind: 'verify', again: true, prepare },
    cancelling: 'cancelling the comparison',
  }).catch(async (error: unknown) => {
    if (!(error instanceof CliError) || error.cause !== 'forbidden') throw error;
    return { task: await withoutAsking(context, prepare) };
  });
  await connected.hosted?.close();
  if (task.state === 'ready') return await report(context, run, task.result, flags);
  if (task.state === 'pending' || task.reason === 'cancelled') return EXIT.interrupted;
  throw new CliError(`run ${runName(run)} could not be executed again: ${safeText(task.reason)}.`, {
    exitCode: EXIT.unreachable,
  });
}

/** Whoever may only look can execute it here as well; then nothing is kept with the run. */
async function withoutAsking(
  context: Context,
  prepare: () => Promise<PreparedTask<'verify'>>,
): Promise<Task<'verify'>> {
  const prepared = await prepare();
  const signals = { cancelled: context.leaving, over: context.leaving };
  const end = await prepared.execute(signals, () => {}).finally(() => prepared.close());
  return end ?? { state: 'none', reason: 'cancelled' };
}

async function report(context: Context, run: Run, verified: Verified, flags: VerifyFlags): Promise<number> {
  const { identical, common, endedBy, versions, parting, renamed, difference } = verified;
  if (flags.json) {
    const told = { run: run.id, seed: run.seed, identical, common, endedBy, versions, parting };
    await context.out(
      `${safeJson({ ...told, ...(renamed === null ? {} : { renamed }), ...difference }, 2)}\n`,
    );
    return identical ? EXIT.pass : EXIT.fail;
  }
  for (const { name, recorded, executed } of versions) {
    context.err(`simcity: ${safeText(name)} was ${safeText(recorded)} and is ${safeText(executed)} now.\n`);
  }
  const style = styleFor(wantsColor(context, 'stdout'));
  const until = endedBy === null ? '' : ` up to where ${safeText(endedBy)}`;
  await context.out(
    parting === null
      ? `${style.green('identical')}, ${formatNumber(common)} events${until} (seed ${run.seed}${renamedText(renamed)})\n`
      : `${partingText(parting, ['recorded', 'executed'], style)}\n${classText(difference)}`,
  );
  return identical ? EXIT.pass : EXIT.fail;
}

function classText(difference: Verified['difference']): string {
  if (difference === null) return '';
  return `\nIts class: ${safeText(difference.class)}. ${safeText(difference.advice)}\n`;
}
