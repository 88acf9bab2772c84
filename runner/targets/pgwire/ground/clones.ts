/** Makes the clones of one template, each for one execution, and drops them while the next ones are under way. */
import type postgres from 'postgres';
import { quoted } from '../../postgres/connection.ts';
import type { Names } from './names.ts';
import { dropDatabase } from './sweep.ts';

/** Of clones that are over, so many may still be there. */
const MOST_LEFT = 4;

export interface Clone {
  readonly name: string;
  /** How long it took to make it. */
  readonly ms: number;
}

export class Clones {
  readonly #sql: postgres.Sql;
  readonly #names: Names;
  readonly #dropping = new Set<Promise<void>>();
  #made = 0;

  constructor(sql: postgres.Sql, names: Names) {
    this.#sql = sql;
    this.#names = names;
  }

  /**
   * Of the template, or of another clone that nobody is connected to.
   * @throws Error when the server has no room for it, or has lost the template.
   */
  async make(from: string = this.#names.template): Promise<Clone> {
    while (this.#dropping.size >= MOST_LEFT) await Promise.race(this.#dropping);
    const name = this.#names.clone(++this.#made);
    const startedMs = performance.now();
    await this.#sql.unsafe(
      `create database ${quoted(name)} template ${quoted(from)} owner ${quoted(this.#names.role)}`,
    );
    return { name, ms: performance.now() - startedMs };
  }

  /** In the background. What cannot be dropped now, goes with all else at the end. */
  drop(name: string): void {
    const dropped = dropDatabase(this.#sql, name).catch(() => {});
    this.#dropping.add(dropped);
    void dropped.then(() => this.#dropping.delete(dropped));
  }

  async settled(): Promise<void> {
    await Promise.all(this.#dropping);
  }
}
