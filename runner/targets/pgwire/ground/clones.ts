/**
 * Makes the clones of a template, each for one execution. The next one is made, and those that are over are dropped,
 * while an execution is under way: together they take longer than many a short run.
 */
import type postgres from 'postgres';
import { connectOne, type Place, quoted } from '../../postgres/connection.ts';
import type { Names } from './names.ts';
import { dropDatabase } from './sweep.ts';

/** Of clones that are over, so many may still be there. */
const MOST_LEFT = 4;

export interface Clone {
  readonly name: string;
  /** What it is a copy of. */
  readonly from: string;
  /** How long it took to make it. */
  readonly ms: number;
}

export class Clones {
  /** Makes them. */
  readonly #sql: postgres.Sql;
  /** Drops them: who makes one does not wait for that. */
  readonly #dropper: postgres.Sql;
  readonly #names: Names;
  readonly #dropping = new Set<Promise<void>>();
  /** The last one that was asked for. */
  #last: string | null = null;
  /** Made beforehand. */
  #next: { from: string; clone: Promise<Clone | null> } | null = null;
  #made = 0;

  /** `place`: a database of that server that no clone is made of. */
  constructor(sql: postgres.Sql, names: Names, place: Place) {
    this.#sql = sql;
    this.#names = names;
    this.#dropper = connectOne(place, 'simcity-dropper');
  }

  /**
   * Of the template, or of another clone that nobody is connected to.
   * @throws Error when the server has no room for it, or has lost the template.
   */
  async make(from: string = this.#names.template): Promise<Clone> {
    const next = this.#next;
    this.#next = null;
    const made = await next?.clone;
    if (made && made.from !== from) this.drop(made.name);
    while (this.#dropping.size >= MOST_LEFT) await Promise.race(this.#dropping);
    const clone = made?.from === from ? made : await this.#create(from);
    // One execution alone has no use for a second clone.
    if (this.#last === from) this.#next = { from, clone: this.#create(from).catch(() => null) };
    this.#last = from;
    return clone;
  }

  async #create(from: string): Promise<Clone> {
    const name = this.#names.clone(++this.#made);
    const startedMs = performance.now();
    await this.#sql.unsafe(
      `create database ${quoted(name)} template ${quoted(from)} owner ${quoted(this.#names.role)}`,
    );
    return { name, from, ms: performance.now() - startedMs };
  }

  /** In the background. What cannot be dropped now, goes with all else at the end. */
  drop(name: string): void {
    const dropped = dropDatabase(this.#dropper, name).catch(() => {});
    this.#dropping.add(dropped);
    void dropped.then(() => this.#dropping.delete(dropped));
  }

  /** What is under way is done. */
  async close(): Promise<void> {
    await Promise.all([...this.#dropping, this.#next?.clone]);
    await this.#dropper.end({ timeout: 1 });
  }
}
