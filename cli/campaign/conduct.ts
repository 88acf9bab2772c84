/** Conducts a campaign: executes the seeds that are left, then records and shrinks what was found. */
import { availableParallelism } from 'node:os';
import { rangesText, runConfigSchema, sizeOf } from '../../server/contract/index.ts';
import { cityDatabase } from '../hosting/city-database.ts';
import { type Connected, hostWhatIsMissing } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import { surveyed } from '../hosting/survey.ts';
import type { Context } from '../process/context.ts';
import type { Stopping } from '../process/stopping.ts';
import { formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import type { Checkpoint, Found } from './checkpoint.ts';
import { hunt } from './hunt.ts';
import { recordAll } from './record.ts';
import type { CampaignReporter } from './reporter.ts';

export interface ConductOptions {
  checkpoint: Checkpoint;
  flags: ServerFlags & { port?: number; parallel?: number; record: boolean };
  /** Keeps what is known by now. */
  save: () => void;
  reporter: CampaignReporter;
  stopping: Stopping;
}

/** What came of a campaign; `close` takes down what was hosted for it. */
export interface Conducted {
  finished: boolean;
  close(): Promise<void>;
}

/** Changes the checkpoint as it goes. @throws CliError when a server or a database is out of reach. */
export async function conduct(
  context: Context,
  { checkpoint, flags, save, reporter, stopping }: ConductOptions,
): Promise<Conducted> {
  reporter.say(
    `campaign ${checkpoint.name}: ${formatNumber(sizeOf(checkpoint.seeds))} seeds (${rangesText(checkpoint.seeds)}) of ${safeText(checkpoint.scenario)} on ${safeText(checkpoint.target)}`,
  );
  // A database is only needed for cities, and for what is recorded.
  let connected: Connected | null = null;
  const connect = async () => {
    connected ??= await hostWhatIsMissing(context, flags, reporter.say);
    reporter.connected?.(connected.api);
    return connected;
  };
  const { target, gate } = checkpoint;
  const cities = await cityDatabase(
    context,
    flags,
    { target, isGated: gate !== null },
    target === 'memory' ? null : await connect(),
  );
  const targetUrl = cities.url;
  if (gate !== null) await survey(context, checkpoint, targetUrl, { save, reporter });
  const { isWhole, isTold } = await hunt(context, checkpoint, {
    targetUrl,
    parallel: flags.parallel ?? availableParallelism(),
    save,
    reporter,
    stopping,
  });
  const isLeft = flags.record && checkpoint.found.some(isUnfinished);
  // Told to stop as its last seed ended, it has come to its end all the same, if nothing is left to record.
  let finished = isWhole && !(isTold && isLeft);
  if (finished && isLeft) {
    const reached = await connect();
    const isOwn = checkpoint.modules !== undefined || checkpoint.exec !== null;
    if (!isOwn) await reached.hosted?.startRunner(null);
    const ownRunner = reached.hosted !== null || isOwn;
    finished = await recordAll(context, checkpoint, {
      connected: reached,
      ...{ flags, ownRunner, targetUrl, save, reporter, stopping },
    });
  }
  return {
    finished,
    async close() {
      await cities.close();
      await (connected as Connected | null)?.hosted?.close();
    },
  };
}

/** Puts what a survey of the service finds out into the settings of all seeds; once, also of a campaign that goes on. */
async function survey(
  context: Context,
  checkpoint: Checkpoint,
  targetUrl: string | null,
  { save, reporter }: Pick<ConductOptions, 'save' | 'reporter'>,
): Promise<void> {
  const { scenario, target, config, exec, gate, modules, seeds } = checkpoint;
  if (gate === null || exec === null) return;
  const { config: found } = await surveyed(context, {
    launch: { scenario, target, config },
    ...{ target, gate, exec, targetUrl, say: reporter.say },
    modules: modules ?? null,
    seed: seeds[0]?.[0] ?? 1,
  });
  checkpoint.config = runConfigSchema.parse(found);
  save();
}

/** True while a failure is not recorded, or it is not known whether it can be made small. */
function isUnfinished({ run, smallest, why }: Found): boolean {
  return run === null || (smallest === null && why === '');
}
