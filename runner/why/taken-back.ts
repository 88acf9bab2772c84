/** Takes back what one request commits, as soon as it has: whether the failure needs it is seen by what happens then. */
import type postgres from 'postgres';
import type { Attempt } from '../harness/attempt.ts';
import { requestKey } from '../harness/guide.ts';
import type { StatementWatch, WatchedStatement } from '../targets/statements.ts';
import type { RowChange } from './findings.ts';
import { Probes } from './probes.ts';
import { isCommit } from './recording.ts';

export class TakenBack implements StatementWatch {
  /** Rows that are as they were before. */
  rows = 0;
  /** Rows that could not be made so: what comes of the execution says nothing then. */
  failed = 0;
  readonly #key: string;
  readonly #changes: readonly RowChange[];
  readonly #probes = new Probes([]);

  /** `changes`: those of the request `key` that are to be taken back; rows are known by their keys. */
  constructor(key: string, changes: readonly RowChange[]) {
    this.#key = key;
    this.#changes = changes;
  }

  async prepared(control: postgres.Sql): Promise<void> {
    await this.#probes.prepared(control);
  }

  began(): void {}

  async settled(statement: WatchedStatement, control: postgres.Sql): Promise<void> {
    if (!isCommit(statement) || statement.error !== null) return;
    const made = await this.#probes.afterCommit(control);
    const owner = statement.owner as Attempt | null;
    if (owner === null || requestKey(owner) !== this.#key) return;
    for (const change of made) {
      const wrong = this.#changes.find(({ table, key }) => table === change.table && key === change.key);
      if (!wrong) continue;
      const columns = change.columns.filter((name) => wrong.columns.includes(name));
      if (await this.#probes.takeBack(control, { ...change, columns })) this.rows++;
      else this.failed++;
    }
    await this.#probes.afterCommit(control);
  }
}
