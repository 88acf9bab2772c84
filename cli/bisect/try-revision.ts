/** Tries one revision: makes it ready, executes what failed there, and says whether it fails the same way. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Commit,
  type GateOrder,
  type Modules,
  type Reproduced,
  type RunConfig,
  type Signature,
  type Tried,
  timesOfEach,
} from '../../server/contract/index.ts';
import type { Own } from '../hosting/modules.ts';
import { startWorker, WorkerError } from '../hosting/worker.ts';
import type { Context } from '../process/context.ts';
import { closingAt } from '../tasks/subject.ts';
import { atRevision } from './own-code.ts';
import { runSetup } from './setup.ts';

/** What is tried at each revision. */
export interface Attempt {
  scenario: string;
  target: string;
  seed: number;
  config: RunConfig;
  targetUrl: string | null;
  signature: Signature;
  own: Own;
  /** Null: none. */
  setup: string | null;
  times: number | null;
}

/** Where the revision is: the repository's topmost folder, where its files are now, and where commands are executed. */
export interface Place {
  top: string;
  folder: string;
  below: string;
}

const LONGEST_WHY = 1_000;

/** Its files are in `place` already. Once `stopped`, what comes out says nothing. */
export async function tryRevision(
  context: Context,
  attempt: Attempt,
  commit: Commit,
  place: Place,
  stopped: AbortSignal,
): Promise<Tried> {
  const outcome = await outcomeOf(context, attempt, place, stopped);
  const [verdict, why, executions] =
    typeof outcome === 'string' ? (['skip', `cannot be tested: ${outcome}`, 0] as const) : judged(outcome);
  return { commit, verdict, why: why.slice(0, LONGEST_WHY).toWellFormed(), executions };
}

function judged({
  executions,
  same,
  otherwise,
}: Reproduced): [verdict: Tried['verdict'], why: string, executions: number] {
  const count = `${executions} ${executions === 1 ? 'execution' : 'executions'}`;
  if (same > 0) return ['bad', `fails the same way, by ${count}`, executions];
  if (Object.keys(otherwise).length > 0)
    return ['skip', `fails otherwise: ${timesOfEach(otherwise)}, of ${count}`, executions];
  return ['good', `passes, ${count}`, executions];
}

/** Or why it cannot be tested. */
async function outcomeOf(
  context: Context,
  { own, setup, ...subject }: Attempt,
  { top, folder, below }: Place,
  stopped: AbortSignal,
): Promise<Reproduced | string> {
  const cwd = join(folder, below);
  if (!existsSync(cwd)) return `it has no folder ${below}`;
  const unready = setup === null ? null : await runSetup(context, setup, cwd, stopped);
  if (unready !== null) return unready;
  const there = atRevision(own, top, folder);
  if (typeof there === 'string') return there;
  return await reproduced(context, { ...subject, exec: own.exec, ...there }, cwd, stopped);
}

async function reproduced(
  context: Context,
  subject: Omit<Attempt, 'own' | 'setup'> & { exec: string | null; modules: Modules; gate: GateOrder | null },
  cwd: string,
  stopped: AbortSignal,
): Promise<Reproduced | string> {
  if (stopped.aborted) return 'it was stopped';
  const worker = startWorker(context, { do: 'reproduce', ...subject }, cwd);
  const close = closingAt(stopped, worker);
  try {
    for await (const said of worker.lines()) if ('reproduced' in said) return said.reproduced;
    return 'the worker ended without a result';
  } catch (error) {
    if (stopped.aborted) return 'it was stopped';
    if (error instanceof WorkerError) return error.why;
    throw error;
  } finally {
    await close();
  }
}
