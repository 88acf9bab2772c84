/** Executes seeds of one campaign in a worker, which is kept from shard to shard: its threads have their cities ready. */
import type { SeedRange, Through, WorkerLine, WorkSubject } from '../../server/contract/index.ts';
import { startWorker, type Worker } from '../hosting/worker.ts';
import type { Context } from '../process/context.ts';
import type { OwnPart } from './session.ts';

export interface EngineOrder {
  subject: WorkSubject;
  own: OwnPart;
  targetUrl: string | null;
  /** Seeds executed at once. */
  parallel: number;
}

export class Engine {
  readonly #context: Context;
  readonly #order: EngineOrder;
  #worker: Worker | null = null;
  #lines: AsyncGenerator<WorkerLine, void, undefined> | null = null;
  #isStopped = false;

  constructor(context: Context, order: EngineOrder) {
    this.#context = context;
    this.#order = order;
  }

  /** False once it was stopped: another one executes what follows. */
  get isUsable(): boolean {
    return !this.#isStopped;
  }

  /**
   * Executes them and tells of those that are through. Returns when all are, or those that were under way when it was
   * stopped. @throws WorkerError when a seed cannot be executed.
   */
  async execute(seeds: readonly SeedRange[], onThrough: (through: Through) => void): Promise<void> {
    if (this.#isStopped) return;
    const lines = this.#begin(seeds);
    for (;;) {
      const said = await lines.next();
      if (said.done || 'finished' in said.value || 'waiting' in said.value) return;
      if ('through' in said.value) onThrough(said.value.through);
    }
  }

  /** Seeds in the middle of their work are given up; nothing can be executed afterwards. */
  stop(): void {
    this.#isStopped = true;
    this.#worker?.stop();
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    await this.#worker?.close();
  }

  #begin(seeds: readonly SeedRange[]): AsyncGenerator<WorkerLine, void, undefined> {
    if (this.#worker !== null && this.#lines !== null) {
      this.#worker.execute(seeds);
      return this.#lines;
    }
    const { subject, own, targetUrl, parallel } = this.#order;
    const { scenario, target, config } = subject;
    this.#worker = startWorker(this.#context, {
      do: 'campaign',
      ...{ scenario, target, config, targetUrl, parallel, seeds: [...seeds] },
      ...{ modules: own.modules ?? undefined, exec: own.exec ?? null, gate: own.gate },
    });
    this.#lines = this.#worker.lines();
    return this.#lines;
  }
}
