/** Conducts a campaign: executes the seeds that are left, then records and shrinks what was found. */
import { availableParallelism } from 'node:os';
import { cityDatabase } from '../hosting/city-database.ts';
import { type Connected, hostWhatIsMissing } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import type { Stopping } from '../process/stopping.ts';
import { formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import type { Checkpoint, Found } from './checkpoint.ts';
import { hunt } from './hunt.ts';
import { rangesText, sizeOf } from './ranges.ts';
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
  const cities = await cityDatabase(
    context,
    flags,
    checkpoint.target,
    checkpoint.target === 'memory' ? null : await connect(),
  );
  const targetUrl = cities.url;
  let finished = await hunt(context, checkpoint, {
    targetUrl,
    parallel: flags.parallel ?? availableParallelism(),
    save,
    reporter,
    stopping,
  });
  if (finished && flags.record && checkpoint.found.some(isUnfinished)) {
    const reached = await connect();
    if (!checkpoint.modules) await reached.hosted?.startRunner(null);
    const ownRunner = reached.hosted !== null || checkpoint.modules !== undefined;
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

/** True while a failure is not recorded, or it is not known whether it can be made small. */
function isUnfinished({ run, smallest, why }: Found): boolean {
  return run === null || (smallest === null && why === '');
}
