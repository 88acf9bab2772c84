/** The `memory` target: routines of an in-process service, with locks that the engine can see. */
import { EngineFault } from '../engine-fault.ts';
import { AdapterError, errorText } from '../modules/adapter-error.ts';
import type { Call, Reply } from '../service/call.ts';
import { inShort } from '../service/in-short.ts';
import type { MemoryRoutine, MemoryService } from '../service/memory-service.ts';
import type { CityClock } from '../sim/clock.ts';
import { brokenContract, checkedReply } from './reply.ts';
import type { Target, Task } from './target.ts';

class MemoryTask implements Task {
  state: Task['state'] = 'ready';
  reply: Reply | null = null;
  disturbed = false;
  owner: unknown = null;
  held: string[] | null = null;
  readonly call: Call;
  readonly routine: MemoryRoutine;

  constructor(call: Call, routine: MemoryRoutine) {
    this.call = call;
    this.routine = routine;
  }
}

export class MemoryTarget implements Target {
  readonly name = 'memory';
  readonly versions = {};
  readonly #service: MemoryService;
  readonly #clock: CityClock;
  /** Lock name to its holder and those who wait for it, first come first served. */
  readonly #locks = new Map<string, { holder: MemoryTask; waiting: MemoryTask[] }>();
  #woken: MemoryTask[] = [];
  #lockWaits = 0;

  constructor(service: MemoryService, clock: CityClock) {
    this.#service = service;
    this.#clock = clock;
  }

  prepare(world: Readonly<Record<string, unknown>>): void {
    try {
      this.#service.prepare(world);
    } catch (cause) {
      const message = `The service's prepare() failed: ${errorText(cause)}`;
      throw new AdapterError(message, { phase: 'setup', role: 'target', cause });
    }
  }

  start(call: Call): Task {
    let routine: MemoryRoutine;
    try {
      routine = this.#service.handle(call, this.#clock);
    } catch (error) {
      return new MemoryTask(call, failing(error));
    }
    if (typeof routine?.next === 'function') return new MemoryTask(call, routine);
    throw brokenContract(
      `The service's handle() gave ${inShort(routine)} for ${inShort(call)}, but in memory it is a generator: *handle(call, clock) { … }.`,
    );
  }

  step(task: Task): void {
    const own = task as MemoryTask;
    if (own.state !== 'ready') throw new EngineFault('A request takes a step only while it is ready.');
    let next: IteratorResult<{ lock: string } | undefined, Reply>;
    try {
      next = own.routine.next();
    } catch (error) {
      // As over SQL: what a service throws is an internal error, which says nothing of the effect.
      return this.#done(own, {
        outcome: 'failed',
        error: error instanceof Error ? error.message : String(error),
      });
    }
    if (next.done) this.#done(own, checkedReply(own.call, next.value));
    else if (next.value) this.#acquire(own, next.value.lock);
  }

  takeWoken(): readonly Task[] {
    if (this.#woken.length === 0) return NONE;
    const woken = this.#woken;
    this.#woken = [];
    return woken;
  }

  takeNotes(): readonly never[] {
    return NONE;
  }

  crash(inside: readonly Task[]): void {
    this.#locks.clear();
    this.#woken = [];
    for (const task of inside) {
      task.state = 'done';
      task.disturbed = true;
      task.reply = { outcome: 'failed', error: 'connection lost' };
    }
    this.#service.restarted?.();
  }

  /** There are no connections here that could run out. */
  limitPool(): void {}

  moveClock(nowMs: number): void {
    this.#clock.moveTo(nowMs);
  }

  sometimes(): Record<string, number> {
    return { 'a request waited for a lock': this.#lockWaits };
  }

  inspect(): unknown {
    return this.#service.inspect();
  }

  forget(what: unknown): void {
    this.#service.forget?.(what);
  }

  /** Nothing here is waited for. */
  async cut(): Promise<string> {
    return '';
  }

  async close(): Promise<void> {}

  #done(task: MemoryTask, reply: Reply): void {
    task.reply = reply;
    task.state = 'done';
    if (task.held) for (const name of task.held) this.#release(name);
  }

  #acquire(task: MemoryTask, name: string): void {
    task.held ??= [];
    task.held.push(name);
    const lock = this.#locks.get(name);
    if (!lock) {
      this.#locks.set(name, { holder: task, waiting: [] });
      return;
    }
    this.#lockWaits++;
    lock.waiting.push(task);
    task.state = 'waiting';
  }

  #release(name: string): void {
    const lock = this.#locks.get(name) as { holder: MemoryTask; waiting: MemoryTask[] };
    const next = lock.waiting.shift();
    if (!next) {
      this.#locks.delete(name);
      return;
    }
    lock.holder = next;
    next.state = 'ready';
    this.#woken.push(next);
  }
}

/** Code that threw before its first scheduling point. */
// biome-ignore lint/correctness/useYield: it ends before it could.
function* failing(error: unknown): MemoryRoutine {
  throw error;
}

const NONE: readonly never[] = [];
