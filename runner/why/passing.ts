/**
 * Requests that did no harm, to hold a rule against: what is also true of requests in runs that pass is no cause of the failure.
 */
import type { Forensic } from '../../server/contract/index.ts';
import type { Cause, Findings, Laboratory, RecordedRequest, Recording, RowChange } from './findings.ts';
import { Probes } from './probes.ts';
import { ExecutionRecorder } from './recording.ts';
import type { Rule } from './rules/rule.ts';
import { sceneOf } from './rules/scene.ts';
import { told } from './said.ts';

/** Operations of the runs that are tried, each of another seed: shorter ones too, so that one passes in the end. */
const RUNS = [200, 100, 50, 25, 12, 12];
/** So many requests of one kind are enough. */
const ENOUGH = 20;
/** Of fewer it must be true of all, and of so many at least. */
const FEWEST = 3;

interface Tally {
  readonly holds: number;
  readonly seen: number;
}

export class PassingRuns {
  readonly #of: Pick<Findings, 'subject'> & { readonly forensic: Forensic };
  readonly #lab: Laboratory;
  readonly #runs: Recording[] = [];
  #tried = 0;

  /** `of`: the run that fails, and how. */
  constructor(of: Pick<Findings, 'subject'> & { readonly forensic: Forensic }, lab: Laboratory) {
    this.#of = of;
    this.#lab = lab;
  }

  /**
   * True when the rule holds for most requests of this kind in runs that pass, and for not only a few; also when no run
   * passes, so that there is nothing to hold it against.
   */
  async excuses(rule: Rule, cause: Cause, of: Recording): Promise<boolean> {
    const { holds, seen } = await this.tally(rule, kindOf(cause.request, of));
    if (this.#runs.length === 0) return true;
    // One that only happens to be so in a passing run may still be the cause in this one.
    return holds >= ENOUGH / 2 ? holds >= seen / 2 : holds >= FEWEST && holds === seen;
  }

  /** For how many requests of this kind it holds, of how many: `ENOUGH` of them, if there are. */
  async tally(rule: Rule, kind: string): Promise<Tally> {
    for (;;) {
      const tally = tallyOf(rule, kind, this.#runs);
      if (tally.seen >= ENOUGH || this.#tried === RUNS.length || this.#lab.spent) return tally;
      await this.#tryOne();
    }
  }

  /** The first of these rows that no passing run changes like that: none in its state, by the words and flags in it. */
  async unusual(changes: readonly RowChange[]): Promise<RowChange | null> {
    for (const change of changes) {
      while (likeIn(this.#runs, change).length < ENOUGH && this.#tried < RUNS.length && !this.#lab.spent)
        await this.#tryOne();
      if (isUnusual(change, likeIn(this.#runs, change))) return change;
    }
    return null;
  }

  /** At least one, if any passes. */
  async some(): Promise<readonly Recording[]> {
    while (this.#runs.length === 0 && this.#tried < RUNS.length && !this.#lab.spent) await this.#tryOne();
    return this.#runs;
  }

  /** One that fails is no use: none of its requests is known to have done no harm. */
  async #tryOne(): Promise<void> {
    const { subject, forensic: failure } = this.#of;
    const operations = RUNS[this.#tried] ?? 0;
    const recorder = new ExecutionRecorder(new Probes([]), null);
    const { forensic, fails, events, trace } = await this.#lab.run({
      seed: subject.seed + this.#tried++,
      config: { ...subject.config, operations, reduction: null },
      frozen: null,
      guide: recorder,
      statements: recorder,
    });
    if (fails !== 'no' || forensic !== null) return;
    this.#runs.push(recorder.recording(failure, events, trace));
  }
}

/** Changes of the same columns that these runs have made. */
function likeIn(runs: readonly Recording[], { table, columns }: RowChange): RowChange[] {
  const all = runs.flatMap(({ commits }) => commits.flatMap(({ changes }) => changes ?? []));
  return all.filter(
    (each) =>
      each.table === table && each.before !== null && columns.every((name) => each.columns.includes(name)),
  );
}

/** True when a row among these has a word or a flag that says in which state it was. */
export function haveState(changes: readonly RowChange[]): boolean {
  return changes.some(({ before }) => Object.entries(before ?? {}).some(isState));
}

/** True when the row was in a state that none of these was in. */
export function isUnusual({ before }: RowChange, like: readonly RowChange[]): boolean {
  const isNew = ([name, value]: [string, unknown]) => like.every((each) => each.before?.[name] !== value);
  return Object.entries(before ?? {}).some((field) => isState(field) && isNew(field));
}

/** A word without a digit, or a flag: no name, and no number. */
function isState([, value]: readonly [string, unknown]): boolean {
  return typeof value === 'boolean' || (typeof value === 'string' && /^[a-z_-]+$/i.test(value));
}

/** For how many of the requests of this kind the rule holds. */
export function tallyOf(rule: Rule, kind: string, runs: readonly Recording[]): Tally {
  let [holds, seen] = [0, 0];
  for (const run of runs) {
    const scene = sceneOf(run, null);
    for (const request of run.requests) {
      // An error is no answer that is known to do no harm, even if the run passes.
      if (request.reply?.outcome === 'failed' || kindOf(request, run) !== kind) continue;
      seen++;
      if (rule({ ...scene, accused: request, suspects: [request] })) holds++;
    }
  }
  return { holds, seen };
}

/** What it asked, what it was answered, and whether it had been asked before. */
export function kindOf({ index, n, call, reply }: RecordedRequest, { requests }: Recording): string {
  const isRepeat = requests.some((each) => each.index < index && each.n === n);
  return JSON.stringify([call.operation, told(reply), isRepeat]);
}
