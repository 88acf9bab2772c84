/** Virtual time and the requests inside the target: picks who takes the next step, and takes it. */
import { EngineFault } from '../engine-fault.ts';
import type { Call } from '../service/call.ts';
import type { Prng } from '../sim/prng.ts';
import type { Strategy } from '../sim/strategies/strategy.ts';
import { TimerQueue } from '../sim/timer-queue.ts';
import type { NextStep, Target, Task } from '../targets/target.ts';
import type { Attempt } from './attempt.ts';
import { type Guide, requestKey } from './guide.ts';

export interface SchedulerOptions {
  target: Target;
  /** The call of a request as the target takes it; left out: as it is. */
  sent?: (attempt: Attempt) => Call;
  strategy: Strategy;
  /** How long each step takes, in virtual time. */
  latency: Prng;
  /** Gets every position picked, when the schedule is to be repeated. */
  picks: number[] | null;
  /** Gets the request that takes each step, by its key. */
  steps?: string[] | undefined;
  /** Holds requests back; left out: nothing does. */
  guide?: Guide | undefined;
  /** A request left the target: its task is done. */
  done: (attempt: Attempt, task: Task) => void;
  /** True once the run has failed: from then on nothing more may happen. */
  halted: () => boolean;
  /** Something happened inside the target that belongs into the history. */
  note: (attempt: Attempt, type: string, data: Record<string, unknown>) => void;
}

export class Scheduler {
  readonly timers = new TimerQueue();
  readonly #options: SchedulerOptions;
  readonly #ready: Task[] = [];
  /** Beside `#ready`, position by position: what a strategy sees. */
  readonly #candidates: Attempt[] = [];
  /** Every task inside the target, ready or waiting, oldest first. */
  readonly #inside: Task[] = [];
  #now = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#now;
  }

  /** True when nothing can go on and nothing is due. */
  get stuck(): boolean {
    return this.#ready.length === 0 && this.timers.size === 0;
  }

  /** A request reaches the target. */
  enter(attempt: Attempt): void {
    const { faults } = attempt;
    const task = this.#options.target.start(this.#options.sent?.(attempt) ?? attempt.call, {
      serializationFailure: faults?.serializationFailure ?? false,
      wire: faults?.wire ?? null,
    });
    task.owner = attempt;
    this.#inside.push(task);
    this.#options.strategy.arrived?.(attempt);
    this.#makeReady(task);
  }

  /** `run` is called after so many virtual milliseconds. */
  after(delayMs: number, run: () => void): void {
    this.timers.add(this.#now + delayMs, run);
  }

  /** Moves virtual time on, does what is due, and lets one request take a step. */
  step(): void | Promise<void> {
    if (this.#ready.length === 0) return this.#passTime();
    this.#now += this.#options.latency.between(0.02, 0.3);
    this.timers.runDue(this.#now, this.#options.halted);
    if (this.#options.halted()) return;
    if (this.#mayBeHeld && this.#letsTimePass()) return this.#passTime();
    // What was due can only have added to those that are ready.
    const position = this.#options.guide
      ? this.#pickGuided(this.#options.guide)
      : this.#options.strategy.pick(this.#candidates);
    this.#options.picks?.push(position);
    this.#options.steps?.push(requestKey(this.#candidates[position] as Attempt));
    const task = this.#ready[position] as Task;
    const stepping = this.#options.target.step(task);
    if (stepping) return stepping.then(() => this.#stepped(task, position));
    this.#stepped(task, position);
  }

  /** Up to what is due next. */
  #passTime(): void {
    this.#now = Math.max(this.#now, this.timers.nextMs);
    this.timers.runDue(this.#now, this.#options.halted);
  }

  /** True when a request that is ready may have to stay where it is. */
  get #mayBeHeld(): boolean {
    return this.#options.guide !== undefined || this.#options.strategy.awaitsArrival !== undefined;
  }

  /** True when nobody may take a step now, and time can pass. */
  #letsTimePass(): boolean {
    if (this.timers.size === 0) return false;
    const { guide, strategy } = this.#options;
    if (strategy.awaitsArrival?.()) return true;
    return guide !== undefined && this.#free(guide).length === 0;
  }

  /** Positions of those that the guide does not hold. */
  #free(guide: Guide): number[] {
    return [...this.#ready.keys()].filter((i) => !guide.holds(this.#attemptAt(i), this.#nextOf(i)));
  }

  #pickGuided(guide: Guide): number {
    let free = this.#free(guide);
    if (free.length === 0) {
      guide.gaveWay();
      free = [...this.#ready.keys()];
    }
    const picked = this.#options.strategy.pick(free.map((i) => this.#attemptAt(i)));
    const position = free[picked] as number;
    guide.stepped?.(this.#attemptAt(position), this.#nextOf(position));
    return position;
  }

  #attemptAt(position: number): Attempt {
    return this.#candidates[position] as Attempt;
  }

  #nextOf(position: number): NextStep {
    return (this.#ready[position] as Task).next?.() ?? UNSEEN;
  }

  /** Tasks that another's step or a fault has made ready are taken over. */
  takeWoken(): void {
    for (const woken of this.#options.target.takeWoken()) {
      if (woken.state !== 'ready' || this.#ready.includes(woken))
        throw new EngineFault('A request that is woken was waiting, and is ready.');
      this.#makeReady(woken);
    }
  }

  /** Every task leaves the target, done with what the crash left as their replies; oldest first. */
  async crash(): Promise<void> {
    const tasks = [...this.#inside];
    await this.#options.target.crash(tasks);
    this.#ready.length = 0;
    this.#candidates.length = 0;
    this.#inside.length = 0;
    for (const task of tasks) this.#leave(task);
  }

  #makeReady(task: Task): void {
    this.#ready.push(task);
    this.#candidates.push(task.owner as Attempt);
  }

  #stepped(task: Task, position: number): void {
    const attempt = task.owner as Attempt;
    attempt.steps++;
    if (task.state !== 'ready') {
      removeAt(this.#ready, position);
      removeAt(this.#candidates, position);
    }
    this.takeWoken();
    for (const { type, data } of this.#options.target.takeNotes()) this.#options.note(attempt, type, data);
    if (task.state !== 'done') return;
    removeAt(this.#inside, this.#inside.indexOf(task));
    this.#leave(task);
  }

  #leave(task: Task): void {
    const attempt = task.owner as Attempt;
    this.#options.strategy.done(attempt);
    this.#options.guide?.left?.(attempt);
    this.#options.done(attempt, task);
  }
}

/** Of a target that does not show what its requests do. */
const UNSEEN: NextStep = { kind: 'code', text: null, statements: 0 };

/** As `splice`, without the array that it returns: requests leave many times in each operation. */
function removeAt(items: unknown[], position: number): void {
  const last = items.length - 1;
  for (let i = position; i < last; i++) items[i] = items[i + 1];
  items.pop();
}
