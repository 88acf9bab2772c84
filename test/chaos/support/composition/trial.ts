/** One schedule, executed in a world and judged; a world in which something went wrong is left for a new one. */
import type { Row } from '../row.ts';
import { Composition } from './composition.ts';
import { judge } from './judge.ts';
import type { Step } from './schedule.ts';
import { strike } from './strikes.ts';
import { World } from './world.ts';

export interface Outcome {
  /** What is wrong, in words. */
  problems: readonly string[];
  runs: number;
  /** Calls of writers, readers and subscribers that the checker explained. */
  calls: number;
}

export class Trials {
  readonly #row: Row;
  #world: World | null = null;

  constructor(row: Row) {
    this.#row = row;
    row.defer(() => this.close());
  }

  async run(steps: readonly Step[]): Promise<Outcome> {
    this.#world ??= await World.start();
    const composition = new Composition(this.#world);
    try {
      await composition.execute(steps, strike);
      const problems = await judge(this.#row, composition);
      const { runs, histories } = composition;
      return { problems, runs: runs.length, calls: histories.answered };
    } finally {
      await composition.close();
      if (composition.failed) await this.close();
    }
  }

  async close(): Promise<void> {
    const world = this.#world;
    this.#world = null;
    await world?.close();
  }
}
