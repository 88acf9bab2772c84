/** Records the seed of a failure as an ordinary run of its campaign, and has the task done that makes it small. */
import { formatSignature, isTerminal, type Run, smallestSchema } from '../../server/contract/index.ts';
import { pause } from '../client/pause.ts';
import type { Connected } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import { refuseOtherRecord } from '../hosting/generation.ts';
import { launchHere } from '../hosting/modules.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { isLoss, reasonOf, runOutcome } from '../run/outcome.ts';
import { runName } from '../run/run-name.ts';
import { safeText } from '../run/sanitize.ts';
import { progressWords } from '../run/task-words.ts';
import { doTask } from '../tasks/do-task.ts';
import { prepareShrink } from '../tasks/shrink.ts';
import { RecordLease } from './record-lease.ts';
import type { OwnPart } from './session.ts';
import type { CampaignStore, FailureRecord, RecordWork } from './store.ts';

export interface RecordOptions {
  store: CampaignStore;
  connect: () => Promise<Connected>;
  flags: ServerFlags;
  /** What this command line gives for it. */
  own: OwnPart;
  /** True when a runner is hosted here, so that one is sure to come. */
  ownRunner: boolean;
  /** Why it failed is asked for, too, of whoever does such tasks. */
  explains: boolean;
  say: (message: string) => void;
  /** How far it is, in the place of what was said of it before; safe to print. */
  progress: (text: string) => void;
}

const LOOK_EVERY_MS = 100;
/** A run that nobody takes for so long waits for a runner that is not there. */
const UNCLAIMED_MS = 60_000;
const SHRINK_SECONDS = 600;

/** Does it under its lease. Once `left` is aborted it is given back, with what there is. */
export async function recordFailure(
  context: Context,
  options: RecordOptions,
  work: RecordWork,
  left: AbortSignal,
): Promise<void> {
  const lease = new RecordLease(options.store, work, left);
  try {
    const record = await recorded(context, options, work, lease);
    await lease.end(record ?? { ...NOTHING, state: 'given-back' });
  } catch (error) {
    await lease.end({ ...NOTHING, state: 'given-back' }).catch(() => {});
    throw error;
  }
}

const NOTHING = { smallest: null, why: '', reproduce: null } as const;
type Recorded = Omit<FailureRecord, 'run'>;

/** Null: it was broken off. */
async function recorded(
  context: Context,
  options: RecordOptions,
  work: RecordWork,
  lease: RecordLease,
): Promise<Recorded | null> {
  const { say } = options;
  const connected = await options.connect();
  const run = await recordedRun(context, options, connected, work, lease);
  if (run === null) return null;
  const outcome = runOutcome(run);
  if (isLoss(outcome)) {
    const why = `run ${runName(run)} ended as ${outcome}: ${run.failForensic?.message ?? reasonOf(run)}`;
    say(`seed ${work.seed} is not recorded, ${safeText(why)}`);
    return { ...NOTHING, why, state: 'over' };
  }
  lease.run = run;
  if (outcome !== 'FAIL') {
    return { ...NOTHING, why: `it ended as ${outcome} when it was recorded`, state: 'over' };
  }
  return await madeSmall(context, options, connected, work, run, lease);
}

async function madeSmall(
  context: Context,
  { flags, explains, progress }: RecordOptions,
  connected: Connected,
  { seed, signature }: RecordWork,
  run: Run,
  lease: RecordLease,
): Promise<Recorded | null> {
  const { api } = connected;
  const title = `shrinking seed ${seed} (${safeText(formatSignature(signature))})`;
  const task = await doTask(context, {
    ...{ api, run, kind: 'shrink', again: false, cancelled: lease.over },
    prepare: () => prepareShrink(context, { run, connected, flags, maxSeconds: SHRINK_SECONDS }),
    onProgress: (stage) => progress(`${title}: ${progressWords('shrink', stage)}`),
  });
  if (lease.over.aborted || task.state === 'pending') return null;
  if (explains) await api.askTask(run.id, 'explain').catch(() => null);
  if (task.state === 'none') return { ...NOTHING, why: task.reason, state: 'over' };
  const smallest = smallestSchema.safeParse((await api.run(run.id)).failForensic?.smallest);
  const reproduce = smallest.success ? smallest.data.reproduce : null;
  return { smallest: task.result.operations, reproduce, why: '', state: 'over' };
}

/** The run that has ended, launched where there is none yet; null: it was broken off. */
async function recordedRun(
  context: Context,
  options: RecordOptions,
  connected: Connected,
  work: RecordWork,
  lease: RecordLease,
): Promise<Run | null> {
  const { api } = connected;
  const before = await launchedBefore(connected, work);
  if (before !== null) return before;
  options.say(`recording seed ${work.seed} (${safeText(formatSignature(work.signature))})`);
  const { name, scenario, target, config } = work.campaign;
  const launch = { scenario, target, seed: work.seed, config, campaign: name };
  const code = { ...options.own, exec: options.own.exec ?? undefined };
  const isOwn = code.modules !== null || code.exec !== undefined;
  const own = isOwn ? await launchHere(context, connected, options.flags, launch, code, () => {}) : null;
  try {
    const launched = own?.run ?? (await api.launch(launch));
    return await ended(connected, launched, options.ownRunner || isOwn, lease);
  } finally {
    await own?.close();
  }
}

/** What another claimant, or this one before, has launched for it. */
async function launchedBefore({ api }: Connected, { campaign, seed, run }: RecordWork): Promise<Run | null> {
  const { runs } = await api.runs({ campaign: campaign.name, limit: 200 });
  const known = runs.filter((each) => each.id === run || (run === null && each.seed === seed));
  return known.find((each) => isTerminal(each.status) && !isLoss(runOutcome(each))) ?? null;
}

async function ended(
  { api }: Connected,
  { id }: Run,
  isSure: boolean,
  lease: RecordLease,
): Promise<Run | null> {
  const since = performance.now();
  while (!lease.over.aborted) {
    const run = await api.run(id);
    if (isTerminal(run.status)) {
      refuseOtherRecord(run);
      return run;
    }
    if (run.status === 'QUEUED' && !isSure && performance.now() - since > UNCLAIMED_MS) {
      throw new CliError(
        `run ${runName(run)} waits on ${safeText(api.connection.url)}, and no runner takes it.`,
        {
          exitCode: EXIT.unreachable,
          hint: 'Start one with `simcity runner`, then go on with `simcity campaign --resume`.',
        },
      );
    }
    await pause(LOOK_EVERY_MS, lease.over);
  }
  return null;
}
