/** Takes back what requests commit, as soon as they have: whether the failure needs it is seen by what happens then. */
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
  readonly #wrong: ReadonlyMap<string, readonly RowChange[]>;
  readonly #probes = new Probes([]);

  /** `wrong`: what is to be taken back, by the key of the request; rows are known by their keys. */
  constructor(wrong: ReadonlyMap<string, readonly RowChange[]>) {
    this.#wrong = wrong;
  }

  async prepared(control: postgres.Sql): Promise<void> {
    await this.#probes.prepared(control);
  }

  began(): void {}

  async settled(statement: WatchedStatement, control: postgres.Sql): Promise<void> {
    if (!isCommit(statement) || statement.error !== null) return;
    const made = await this.#probes.afterCommit(control);
    const owner = statement.owner as Attempt | null;
    const changes = (owner && this.#wrong.get(requestKey(owner))) ?? [];
    if (changes.length === 0) return;
    for (const change of made) {
      const wrong = changes.find(({ table, key }) => table === change.table && key === change.key);
      if (!wrong) continue;
      const columns = change.columns.filter((name) => wrong.columns.includes(name));
      if (await this.#probes.takeBack(control, { ...change, before: wrong.before, columns })) this.rows++;
      else this.failed++;
    }
    await this.#probes.afterCommit(control);
  }
}
