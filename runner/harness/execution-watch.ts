/** Breaks an execution off that hangs: whatever was asked of the target has an end, and so has the whole of it. */
import type { RunConfig } from '../../server/contract/index.ts';
import type { Target } from '../targets/target.ts';

/** What is asked of a target in one step takes milliseconds; after so long without an answer nothing will come. */
const STALLED_SECONDS = 60;
/** An execution of the worker gets so long, and so much for each operation: many times what it takes. */
const BASE_SECONDS = 60;
const SECONDS_EACH_OPERATION = 0.05;
/** Behind a gate every step waits for a process of somebody else's to be at rest. */
const TIMES_BEHIND_GATE = 4;
/** After a stop, what is under way gets so long to come to its end. */
const STOP_GRACE_SECONDS = 2;
const LOOK_EVERY_MS = 250;

/** The execution was broken off. It says nothing about the service. */
export class ExecutionLimitError extends Error {
  override readonly name = 'ExecutionLimitError';
}

export interface ExecutionLimits {
  /** For the whole of it. */
  seconds: number;
  /** Once it is requested, not even the step that is under way is waited for for long. */
  stop?: { readonly requested: boolean };
}

/** What an execution gets that has no other limit, in seconds. */
export function standardLimit({ operations, gate }: Pick<RunConfig, 'operations' | 'gate'>): number {
  const times = gate === null ? 1 : TIMES_BEHIND_GATE;
  return times * (BASE_SECONDS + SECONDS_EACH_OPERATION * operations);
}

export class ExecutionWatch {
  readonly #limits: ExecutionLimits | null;
  readonly #stalledSeconds: number;
  readonly #startedMs = performance.now();
  readonly #over = Promise.withResolvers<never>();
  readonly #timer: NodeJS.Timeout;
  /** What the target is asked for now, counted; so it shows when it is the same for long. */
  #asked = 0;
  #isAsking = false;
  #lastAsked = 0;
  #stalledMs = 0;
  #stoppedMs = 0;
  #isOver = false;

  /** `limits`: beyond the one that every question to the target has, `stalledSeconds`. */
  constructor(limits: ExecutionLimits | null, stalledSeconds = STALLED_SECONDS) {
    this.#limits = limits;
    this.#stalledSeconds = stalledSeconds;
    this.#over.promise.catch(() => {});
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Waits for what the target was asked. Rejects when the answer came too late: then nothing may follow from it. */
  async ask<T>(answer: T | Promise<T>): Promise<T> {
    this.#asked++;
    this.#isAsking = true;
    try {
      return await answer;
    } finally {
      this.#isAsking = false;
      if (this.#isOver) await this.#over.promise;
    }
  }

  /** Resolves as the work does, or rejects when it hangs; what becomes of the work then is nobody's concern. */
  async bound<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    return await Promise.race([work, this.#over.promise]);
  }

  /** Carries the work on this target out to its end, and then closes both. @throws ExecutionLimitError when it hangs. */
  async over<T>(target: Pick<Target, 'cut' | 'close'>, work: () => Promise<T>): Promise<T> {
    try {
      return await this.bound(work());
    } catch (error) {
      if (!(error instanceof ExecutionLimitError)) throw error;
      const what = await target.cut();
      throw new ExecutionLimitError([error.message, what].filter(Boolean).join(' '));
    } finally {
      this.close();
      await target.close();
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { seconds = Number.POSITIVE_INFINITY, stop } = this.#limits ?? {};
    this.#stalledMs = this.#isAsking && this.#asked === this.#lastAsked ? this.#stalledMs + LOOK_EVERY_MS : 0;
    this.#lastAsked = this.#asked;
    if (stop?.requested) this.#stoppedMs += LOOK_EVERY_MS;
    if (this.#stalledMs >= this.#stalledSeconds * 1_000)
      this.#end(`it got no answer for ${this.#stalledSeconds} s.`);
    else if (performance.now() - this.#startedMs >= seconds * 1_000) {
      this.#end(`it had not come to its end after ${Math.round(seconds)} s.`);
    } else if (this.#stoppedMs >= STOP_GRACE_SECONDS * 1_000) this.#end('it was stopped.');
  }

  #end(why: string): void {
    this.#isOver = true;
    this.#over.reject(new ExecutionLimitError(`The execution was broken off: ${why}`));
  }
}
