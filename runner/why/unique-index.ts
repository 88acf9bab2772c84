/** Has a unique index in the city for one execution. */
import type postgres from 'postgres';
import type { StatementWatch, WatchedStatement } from '../targets/statements.ts';
import type { Scalar } from './rows.ts';

const NAME = 'simcity_one_of_each';
const UNIQUE_VIOLATION = '23505';

/** Of rows that are as `where` says, one with these columns equal. */
export interface Uniqueness {
  readonly table: string;
  readonly columns: readonly string[];
  readonly where: Readonly<Record<string, Scalar>>;
}

export class UniqueIndex implements StatementWatch {
  /** Statements that it refused. */
  refused = 0;
  readonly #of: Uniqueness;
  #control: postgres.Sql | null = null;

  constructor(of: Uniqueness) {
    this.#of = of;
  }

  /** @throws Error when rows that are there from the start are not unique, so the execution is none. */
  async prepared(control: postgres.Sql): Promise<void> {
    this.#control = control;
    const { table, columns, where } = this.#of;
    const [row] = await control<{ text: string }[]>`
      select format('create unique index %I on %I (', ${NAME}::text, ${table}::text)
        || (select string_agg(quote_ident(name), ', ') from jsonb_array_elements_text(${control.json([...columns])}) name)
        || ') where true' || coalesce((select string_agg(format(' and %I is not distinct from %L', key, value), '')
          from jsonb_each_text(${control.json(where)})), '') as text`;
    await control.unsafe(row?.text ?? '');
  }

  began(): void {}

  settled({ error }: WatchedStatement): void {
    if (error === UNIQUE_VIOLATION) this.refused++;
  }

  /** The city may be used again, without it. */
  async dropped(): Promise<void> {
    // A city that was not kept is gone, and its index with it.
    await this.#control?.unsafe(`drop index if exists ${NAME}`).catch(() => {});
  }
}
