/** What is on its way between citizens, service and database: whoever waits for rest watches it. */
import type { WireWatch } from '../../http/wire.ts';

/** The gate, as far as rest is concerned. */
export interface GateTraffic {
  readonly activity: number;
  readonly starting: number;
  readonly passing: number;
  bump(): void;
  news(ms: number): Promise<void>;
}

export class Traffic implements WireWatch {
  readonly #gate: GateTraffic;
  #unwritten = 0;
  /** Groups that the target itself lets straight through. */
  passing = 0;

  constructor(gate: GateTraffic) {
    this.#gate = gate;
  }

  /** Rises with whatever comes from a citizen's connection, the service or the database. */
  get activity(): number {
    return this.#gate.activity;
  }

  /** Something is under way that nobody holds: the service cannot be at rest. */
  get isMoving(): boolean {
    return this.#unwritten > 0 || this.passing > 0 || this.#gate.starting > 0 || this.#gate.passing > 0;
  }

  /** Resolves at the next activity, or after so many ms. */
  news(ms: number): Promise<void> {
    return this.#gate.news(ms);
  }

  came(): void {
    this.#gate.bump();
  }

  /** Until a request is written to its connection, which may have to be made first, it is on its way. */
  begins(): () => void {
    let isWritten = false;
    this.#unwritten++;
    return () => {
      if (isWritten) return;
      isWritten = true;
      this.#unwritten--;
      this.#gate.bump();
    };
  }
}

/** One poll of the event loop, at least: what had come is read when this resolves. */
export async function polled(): Promise<void> {
  await turn();
  // The first can come in the turn in which it was asked for, without a poll in between.
  await turn();
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
