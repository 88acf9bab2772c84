/** A run that has failed, with all that it takes to execute parts of it again in a worker. */
import {
  type GateOrder,
  isLive,
  type Modules,
  type Run,
  type RunConfig,
  type Signature,
  signatureOf,
} from '../../server/contract/index.ts';
import { refuseBrokenOff, refuseLoss } from '../commands/refuse-loss.ts';
import { cityDatabase, citySubject } from '../hosting/city-database.ts';
import type { Connected } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import { refuseOtherGeneration } from '../hosting/generation.ts';
import { recallExec, recallGate, recallModules } from '../hosting/modules.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { runName } from '../run/run-name.ts';

/** As an order to the worker has it. */
export interface FailedSubject {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  targetUrl: string | null;
  signature: Signature | null;
  modules: Modules | undefined;
  exec: string | null;
  gate: GateOrder | null;
}

export interface FailedRun {
  subject: FailedSubject;
  /** Takes the database down that was started for it. */
  close(): Promise<void>;
}

/** @throws CliError for a run that has not failed, or that cannot be executed again here. */
export async function failedRun(
  context: Context,
  flags: ServerFlags,
  run: Run,
  connected: Connected,
  what: 'shrink' | 'explain',
): Promise<FailedRun> {
  refuseNoFailure(run, what);
  // It is told from what it recorded, by any generation and without its command.
  if (what === 'explain' && isLive(run.target, run.config)) return asRecorded(run);
  refuseOtherGeneration(run);
  const gated = recallGate(context, flags, run);
  const database = isLive(run.target, run.config)
    ? { url: null, close: async () => {} }
    : await cityDatabase(context, flags, citySubject(run), connected);
  const { scenario, target, seed, config } = run;
  return {
    subject: {
      ...{ scenario, target, seed, config, targetUrl: database.url },
      signature: run.failForensic && signatureOf(run.failForensic),
      modules: recallModules(context, flags, run),
      exec: recallExec(context, flags, run),
      gate: gated?.gate ?? null,
    },
    close: () => database.close(),
  };
}

function asRecorded({ scenario, target, seed, config, failForensic }: Run): FailedRun {
  const subject = { scenario, target, seed, config, signature: failForensic && signatureOf(failForensic) };
  const nothing = { targetUrl: null, modules: undefined, exec: null, gate: null };
  return { subject: { ...subject, ...nothing }, close: async () => {} };
}

/** @throws CliError for a run of which there is no failure to look into. */
export function refuseNoFailure(run: Run, what: 'shrink' | 'explain' | 'bisect'): void {
  refuseLoss(run, what);
  if (run.status !== 'FAIL') {
    throw usageError(
      `run ${runName(run)} has not failed: it is ${run.status}.`,
      '`simcity runs --status FAIL` lists those that have.',
    );
  }
  refuseBrokenOff(run, what);
}
