/** One schedule, executed in a world and judged; a world in which something went wrong makes room for a new one. */
import type { Row } from '../row.ts';
import { Composition, type Strike } from './composition.ts';
import { judge } from './judge.ts';
import type { Step } from './schedule.ts';
import { World } from './world.ts';

export interface Outcome {
  /** What is wrong, in words. */
  problems: readonly string[];
  runs: number;
  /** Calls of writers, readers and subscribers that the checker has looked at. */
  calls: number;
}

export class Trials {
  readonly #row: Row;
  readonly #strike: Strike;
  #world: World | null = null;

  constructor(row: Row, strike: Strike) {
    this.#row = row;
    this.#strike = strike;
    row.defer(() => this.#leave());
  }

  async run(steps: readonly Step[]): Promise<Outcome> {
    this.#world ??= await World.start();
    const composition = new Composition(this.#world);
    let problems: readonly string[] = ['it broke off'];
    try {
      await composition.execute(steps, this.#strike);
      problems = await judge(this.#row, composition);
      const { runs, observers } = composition;
      return { problems, runs: runs.length, calls: observers.histories.answered };
    } finally {
      await composition.close();
      if (problems.length > 0) await this.#leave();
    }
  }

  async #leave(): Promise<void> {
    const world = this.#world;
    this.#world = null;
    await world?.close();
  }
}

/** True when one of these is wrong as the first of those: in the same words up to the colon, but for numbers and ids. */
export function failsAlike(problems: readonly string[], whole: readonly string[]): boolean {
  const [wanted] = whole.map(kindOf);
  return problems.some((problem) => kindOf(problem) === wanted);
}

function kindOf(problem: string): string {
  return problem.split(/[:\n]/, 1)[0]!.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4,12}){4}|\d+/g, '#');
}
