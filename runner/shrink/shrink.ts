/**
 * Makes a failing run small: as few operations, faults and scheduling choices as still fail the same way,
 * by delta debugging. Every candidate is executed for real, on the target of the run.
 */
import type { ShrinkProgress } from '../../server/contract/index.ts';
import type { StopSignal } from '../harness/execute.ts';
import { ExecutionLimitError } from '../harness/execution-watch.ts';
import { ddmin } from './ddmin.ts';
import { focus, guess } from './focus.ts';
import { Search } from './search.ts';
import { whyNotShrinkable } from './signature.ts';
import { type Budget, type Candidate, type Subject, type Trial, Trials } from './trials.ts';

export interface ShrinkOptions extends Budget {
  /** How often the result is executed again. */
  confirmations: number;
  signal: StopSignal;
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
  reproduced: { times: number; of: number };
  executions: number;
  seconds: number;
}

/** Timings tried for a small part: on `memory` an execution costs next to nothing. */
const PATIENCE = { memory: 60, database: 16 };
/** After so many rounds that each found something, it is small enough. */
const MAX_ROUNDS = 6;

/** The smallest part found within the budget, or why there is none. */
export async function shrink(subject: Subject, options: ShrinkOptions): Promise<Shrunk | string> {
  const trials = new Trials(subject, options, options.signal);
  try {
    return await searched(subject, trials, options);
  } catch (error) {
    if (!(error instanceof ExecutionLimitError)) throw error;
    return error.message;
  } finally {
    await trials.close();
  }
}

async function searched(subject: Subject, trials: Trials, options: ShrinkOptions): Promise<Shrunk | string> {
  const whole = await trials.whole();
  if (!whole.forensic) return `seed ${subject.seed} does not fail when it is executed again`;
  const why = whyNotShrinkable(whole.forensic.kind);
  if (why) return why;

  const first = await startingPoint(subject, whole, trials);
  if (!first) {
    return trials.spent
      ? 'its time was up before any part of it had failed'
      : 'its operations alone, without those that never began, do not fail the same way';
  }
  const patience = subject.target === 'memory' ? PATIENCE.memory : PATIENCE.database;
  const search = new Search(first, { trials, patience, onProgress: options.onProgress });
  await focus(subject, search);
  await guess(subject, search);
  for (let round = 1; round <= MAX_ROUNDS && !search.spent; round++) {
    const before = search.best.candidate.operations.length;
    await simplify(search);
    await guess(subject, search);
    if (round > 1 && search.best.candidate.operations.length === before) break;
  }
  return await conclude(search, trials, options, whole.trace.begun.length);
}

/** The whole run as a list of the operations that it began. */
async function startingPoint(subject: Subject, whole: Trial, trials: Trials): Promise<Trial | null> {
  const { config } = subject;
  const begun = [...new Set(whole.trace.begun)].sort((a, b) => a - b);
  const planned = config.reduction?.operations ?? null;
  // Those under way in other lanes at the failure belong to the timing: with the next few it stays as it was.
  const next = planned ? [] : Array.from({ length: 2 * config.concurrency }, (_, i) => begun.length + i);
  for (const operations of [begun, [...begun, ...next.filter((n) => n < config.operations)]]) {
    const trial = await trials.run({ ...whole.candidate, operations });
    if (trial.fails === 'same') return trial;
  }
  return null;
}

async function simplify(search: Search): Promise<void> {
  search.stage('operations');
  await ddmin(search.best.candidate.operations, (part) => search.acceptOperations(part));
  search.stage('faults');
  if (search.best.candidate.faults && !(await search.accept({ faults: false }))) await muteFaults(search);
  search.stage('scheduling choices');
  await straighten(search);
}

/** Mutes what struck, as far as it is not needed. */
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
  if (await search.accept({ schedule: [] })) return;
  const picks = search.best.candidate.schedule ?? search.best.trace.picks;
  if (!(await search.accept({ schedule: upToLastChoice(picks) }))) return;
  const choices = [...picks.keys()].filter((step) => picks[step] !== 0);
  await ddmin(choices, (kept) => {
    const needed = new Set(kept);
    return search.accept({ schedule: upToLastChoice(picks.map((pick, i) => (needed.has(i) ? pick : 0))) });
  });
}

/** Past the end of the list nothing is chosen either. */
function upToLastChoice(picks: readonly number[]): number[] {
  return picks.slice(0, picks.findLastIndex((pick) => pick !== 0) + 1);
}

async function conclude(
  search: Search,
  trials: Trials,
  options: ShrinkOptions,
  operationsBefore: number,
): Promise<Shrunk> {
  search.stage('confirming');
  const trial = search.best;
  const without = trial.candidate.operations.map((gone) => withoutOne(trial.candidate, gone));
  let minimal = true;
  let failsOtherwise = 0;
  for (const candidate of without) {
    // What was not executed may fail.
    const fails = trials.over ? 'same' : (await trials.run(candidate)).fails;
    if (fails === 'same') minimal = false;
    if (fails === 'otherwise') failsOtherwise++;
  }
  const reproduced = { times: 0, of: 0 };
  while (reproduced.of < options.confirmations && !trials.over) {
    reproduced.of++;
    if ((await trials.runApart(trial.candidate)).fails === 'same') reproduced.times++;
  }
  const { executions, seconds } = trials;
  return { trial, operationsBefore, minimal, failsOtherwise, reproduced, executions, seconds };
}

function withoutOne(candidate: Candidate, gone: number): Candidate {
  return { ...candidate, operations: candidate.operations.filter((n) => n !== gone) };
}
