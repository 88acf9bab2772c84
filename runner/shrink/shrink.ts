/**
 * Makes a failing run small: as few operations, faults and scheduling choices as still fail the same way,
 * by delta debugging. Every candidate is executed for real, on the target of the run.
 */
import { isLive, type RunConfig, type ShrinkProgress, type Smallest } from '../../server/contract/index.ts';
import { ExecutionLimitError } from '../harness/execution-watch.ts';
import type { Candidate, Subject } from './candidate.ts';
import { ddmin } from './ddmin.ts';
import type { Executor } from './executor.ts';
import { focus, guess, thin } from './focus.ts';
import { LiveExecutor } from './live-executor.ts';
import { Search } from './search.ts';
import { SimulatedExecutor } from './simulated-executor.ts';
import { orderOf } from './step-order.ts';
import { type Budget, type Trial, Trials } from './trials.ts';

export interface ShrinkOptions extends Budget {
  /** How often the result is executed again. */
  confirmations: number;
  onProgress: (progress: ShrinkProgress) => void;
}

export interface Shrunk {
  /** The smallest part; it fails the same way as the whole. */
  trial: Trial;
  /** Operations begun by the whole run until it failed. */
  operationsBefore: number;
  /** True when the part without any one of its operations was executed, and did not fail this way. */
  minimal: boolean;
  /** For how many of them it failed otherwise, instead of passing. */
  failsOtherwise: number;
  /** How the result fared when it was executed again. */
  reproduced: Smallest['reproduced'];
  executions: number;
  seconds: number;
}

/** After so many rounds that each found something, it is small enough. */
const MAX_ROUNDS = 6;
/** What is larger in the end is searched for once more, from the whole run in another timing: so often at most. */
const ENOUGH = 6;
const MOST_STARTS = 8;

/** The smallest part found within the budget, or why there is none. */
export async function shrink(subject: Subject, options: ShrinkOptions): Promise<Shrunk | string> {
  const isReal = isLive(subject.target, subject.config);
  const executor = new (isReal ? LiveExecutor : SimulatedExecutor)(subject, options.signal);
  try {
    return await searched(subject, executor, options);
  } catch (error) {
    if (!(error instanceof ExecutionLimitError)) throw error;
    return error.message;
  } finally {
    await executor.close();
  }
}

async function searched(
  subject: Subject,
  executor: Executor,
  options: ShrinkOptions,
): Promise<Shrunk | string> {
  const trials = new Trials(subject, executor, options);
  const whole = await trials.whole();
  if (typeof whole === 'string') return whole;
  const why = whyNotShrinkable(whole);
  if (why) return why;

  const first = await startingPoint(subject.config, whole, trials, executor);
  if (!first) {
    return trials.spent
      ? 'its time was up before any part of it had failed'
      : 'its operations alone, without those that never began, do not fail the same way';
  }
  let search = await smallerFrom(first, 0);
  for (let start = 1; start < MOST_STARTS && sizeOf(search) > ENOUGH && !trials.spent; start++) {
    const another = await smallerFrom(first, start);
    if (sizeOf(another) < sizeOf(search)) search = another;
  }
  const { operations } = search.best.candidate;
  if (!executor.isRepeatable && operations.length >= first.candidate.operations.length) {
    return 'no smaller part of it failed again: what breaks it needs the whole history, or shows too seldom';
  }
  return await conclude(search, trials, options.confirmations, whole.trace.begun.length);

  async function smallerFrom(from: Trial, start: number): Promise<Search> {
    const search = new Search(from, { executor, trials, onProgress: options.onProgress });
    await focus(search, start);
    await guess(subject.seed, search);
    for (let round = 1; round <= MAX_ROUNDS && !search.spent; round++) {
      const before = sizeOf(search);
      await simplify(search);
      await guess(subject.seed, search);
      if (round > 1 && sizeOf(search) === before) break;
    }
    return search;
  }
}

function sizeOf({ best }: Search): number {
  return best.candidate.operations.length;
}

/** Why a failure cannot be made small; null when it can. */
function whyNotShrinkable({ forensic }: Trial): string | null {
  if (forensic?.kind === 'threshold') {
    return 'a threshold is about the run as a whole: no few operations cross it';
  }
  return forensic?.kind === 'invariant' && forensic.operation === null
    ? 'it showed in the first look at the service, which is a handful of requests: the bundle names them'
    : null;
}

/** The whole run as a list of the operations that it began. */
async function startingPoint(
  config: RunConfig,
  whole: Trial,
  trials: Trials,
  { isRepeatable }: Executor,
): Promise<Trial | null> {
  const begun = [...new Set(whole.trace.begun.map(({ n }) => n))].sort((a, b) => a - b);
  const candidate = { ...whole.candidate, operations: begun };
  // Where the world decides the interleaving, one more execution of all of it would show nothing new.
  if (!isRepeatable) return { ...whole, candidate };
  const planned = config.reduction?.operations ?? null;
  // Those under way in other lanes at the failure belong to the timing: with the next few it stays as it was.
  const next = planned ? [] : Array.from({ length: 2 * config.concurrency }, (_, i) => begun.length + i);
  for (const operations of [begun, [...begun, ...next.filter((n) => n < config.operations)]]) {
    const trial = await trials.run({ ...candidate, operations });
    if (trial.fails === 'same') return trial;
  }
  return null;
}

async function simplify(search: Search): Promise<void> {
  if (search.executor.isRepeatable) await thin(search);
  else {
    search.stage('operations');
    await ddmin(search.best.candidate.operations, (part) => search.acceptOperations(part));
  }
  search.stage('faults');
  if (search.best.candidate.faults) await search.accept({ faults: false });
  if (search.best.trace.struck.length > 0) await muteFaults(search);
  search.stage('scheduling choices');
  await straighten(search);
}

/** Mutes what struck, and leaves the clock as it was, as far as that is not needed. */
async function muteFaults(search: Search): Promise<void> {
  const already = search.best.candidate.muted;
  const struck = [...new Set(search.best.trace.struck)];
  await ddmin(struck, (kept) =>
    search.accept({ muted: [...already, ...struck.filter((fault) => !kept.includes(fault))] }),
  );
}

/** Lets the request that has been ready longest go first wherever it does not matter. */
async function straighten(search: Search): Promise<void> {
  if (search.best.trace.picks.every((pick) => pick === 0)) return;
  if (await search.accept({ schedule: [], order: null })) return;
  const picks = search.best.candidate.schedule ?? search.best.trace.picks;
  if (!(await search.accept({ schedule: upToLastChoice(picks), order: null }))) return;
  const choices = [...picks.keys()].filter((step) => picks[step] !== 0);
  await ddmin(choices, (kept) => {
    const needed = new Set(kept);
    return search.accept({ schedule: upToLastChoice(picks.map((pick, i) => (needed.has(i) ? pick : 0))) });
  });
}

/**
 * Says who takes the steps by request instead of by position, which other code, or another order, would make another
 * request of. The positions stay where that does not fail the same way.
 */
async function nameSteps(search: Search): Promise<void> {
  const { candidate, trace } = search.best;
  const steps = trace.steps.slice(0, upToLastChoice(trace.picks).length);
  if (steps.length > 0) await search.confirm({ schedule: null, order: orderOf(steps) });
  else if (candidate.order) await search.confirm({ schedule: [], order: null });
}

/** An order by request holds where an operation is gone, and positions do not: so now some more can go. */
async function dropMore(search: Search): Promise<void> {
  for (let left = search.best.candidate.operations; left.length > 0 && !search.spent; ) {
    const [gone, ...others] = left as [number, ...number[]];
    left = others;
    if (!(await search.accept(withoutOne(search.best.candidate, gone)))) continue;
    await nameSteps(search);
    left = search.best.candidate.operations;
  }
}

/** Past the end of the list nothing is chosen either. */
function upToLastChoice(picks: readonly number[]): number[] {
  return picks.slice(0, picks.findLastIndex((pick) => pick !== 0) + 1);
}

async function conclude(
  search: Search,
  trials: Trials,
  confirmations: number,
  operationsBefore: number,
): Promise<Shrunk> {
  search.stage('confirming');
  if (search.executor.isRepeatable) {
    await nameSteps(search);
    await dropMore(search);
  }
  const trial = search.best;
  let minimal = true;
  let failsOtherwise = 0;
  for (const gone of trial.candidate.operations) {
    const fails = await trials.failsStill(withoutOne(trial.candidate, gone));
    if (fails === 'same') minimal = false;
    if (fails === 'otherwise') failsOtherwise++;
  }
  const reproduced = await trials.reproduce(trial.candidate, confirmations);
  const { executions, seconds } = trials;
  return { trial, operationsBefore, minimal, failsOtherwise, reproduced, executions, seconds };
}

function withoutOne(candidate: Candidate, gone: number): Candidate {
  return { ...candidate, operations: candidate.operations.filter((n) => n !== gone) };
}
