/**
 * Asks every read of a recorded execution again after each commit, and looks at the tables: the truth at each point, to hold
 * the answers against that the service had. Nothing of it leaves the process.
 */
import type postgres from 'postgres';
import {
  type AsksAgain,
  type BoundValues,
  MOST_WATCHED_ROWS,
  type WatchedStatement,
} from '../targets/statements.ts';
import type { Row, RowChange } from './findings.ts';

const LOCKING = /\s+for\s+(?:no\s+key\s+)?(?:key\s+)?(?:update|share)\b[^()]*$/i;
const VOLATILE =
  /\b(?:nextval|setval|currval|lastval|now|random|clock_timestamp|statement_timestamp|gen_random_uuid|pg_\w+|txid_\w+|set_config)\s*\(|\bcurrent_(?:timestamp|time|date)\b/i;
const READS = /^\s*(?:select|with|values|table)\b/i;

export function isRead({ kind, text }: WatchedStatement): boolean {
  return (
    kind === 'statement' &&
    READS.test(text) &&
    !/\b(?:insert\s+into|update\s+\S+\s+set|delete\s+from)\b/i.test(text)
  );
}

type Tables = ReadonlyMap<string, ReadonlyMap<string, Row>>;

interface Probe {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Null: it did not come over the wire. */
  readonly bound: BoundValues | null;
  /** At the start and after each commit; null: it could not be asked. */
  readonly answers: (string | null)[];
}

export class Probes {
  readonly #probes = new Map<string, Probe>();
  #tables: readonly { name: string; key: readonly string[] }[] = [];
  #before: Tables = new Map();
  #again: AsksAgain | null = null;

  constructor(reads: readonly WatchedStatement[]) {
    for (const read of reads) {
      if (!isRead(read) || VOLATILE.test(read.text)) continue;
      const text = read.text.replace(LOCKING, '');
      const { values, bound = null } = read;
      this.#probes.set(keyOf(read), { text, values, bound, answers: [] });
    }
  }

  async prepared(control: postgres.Sql, again?: AsksAgain): Promise<void> {
    this.#again = again ?? null;
    this.#tables = await control<{ name: string; key: string[] }[]>`
      select c.relname as name,
        coalesce((select jsonb_agg(a.attname order by a.attnum) from pg_index i
          join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
          where i.indrelid = c.oid and i.indisprimary), '[]') as key
      from pg_class c where c.relkind in ('r', 'p') and pg_table_is_visible(c.oid)
        and c.relnamespace <> 'pg_catalog'::regnamespace order by 1`;
    this.#before = await this.#dump(control);
    await this.#ask(control);
  }

  /** What the commit has changed, by row. */
  async afterCommit(control: postgres.Sql): Promise<RowChange[]> {
    const before = this.#before;
    this.#before = await this.#dump(control);
    await this.#ask(control);
    return this.#tables.flatMap(({ name }) => changesOf(name, before.get(name), this.#before.get(name)));
  }

  /** Makes a row what it was before; false: that cannot be done. */
  async takeBack(control: postgres.Sql, change: RowChange): Promise<boolean> {
    const { table, before, after, columns } = change;
    const key = this.#tables.find(({ name }) => name === table)?.key ?? [];
    if (key.length === 0 || after === null) return false;
    const where = key.map((name, i) => `${quoted(name)} = $${i + 1}`).join(' and ');
    const set = columns.map((name, i) => `${quoted(name)} = $${key.length + i + 1}`).join(', ');
    const text =
      before === null
        ? `delete from ${quoted(table)} where ${where}`
        : `update ${quoted(table)} set ${set} where ${where}`;
    const values = [
      ...key.map((name) => after[name]),
      ...(before ? columns.map((name) => before[name]) : []),
    ];
    return await control
      .begin(async (sql) => {
        // Whoever holds the row waits for the end of this.
        await sql`set local lock_timeout = '500ms'`;
        return (await sql.unsafe(text, values as never[])).count > 0;
      })
      .catch(() => false);
  }

  /** The answer after so many commits, as `answerOf` writes it; null: it is not known. */
  at(read: WatchedStatement, commits: number): string | null {
    return this.#probes.get(keyOf(read))?.answers[commits] ?? null;
  }

  async #ask(control: postgres.Sql): Promise<void> {
    for (const probe of this.#probes.values()) {
      probe.answers.push(answerOf(await this.#answerTo(probe, control)));
    }
  }

  /** Asked as the service did: over the wire with the very bytes, else by its own driver. */
  async #answerTo({ text, values, bound }: Probe, control: postgres.Sql): Promise<readonly Row[] | null> {
    if (bound) return (await this.#again?.ask(text, bound)) ?? null;
    return await control
      .begin('read only', (sql) => sql.unsafe(text, values as never[]))
      .then(
        (rows) => rows as unknown as Row[],
        () => null,
      );
  }

  async #dump(control: postgres.Sql): Promise<Tables> {
    const tables = new Map<string, ReadonlyMap<string, Row>>();
    for (const { name, key } of this.#tables) {
      const rows = (await control`select * from ${control(name)} limit 10000`) as unknown as Row[];
      const named = rows.map((row): [string, Row] => [
        JSON.stringify(key.length > 0 ? key.map((column) => row[column]) : row),
        row,
      ]);
      tables.set(name, new Map(named));
    }
    return tables;
  }
}

/** As answers are compared: by their values, since a client that knows the columns does not ask for their names. */
export function answerOf(rows: readonly Row[] | null): string | null {
  return rows === null ? null : written(rows.slice(0, MOST_WATCHED_ROWS).map(Object.values));
}

/** The same text and values, in the same formats. */
function keyOf({ text, values, bound = null }: WatchedStatement): string {
  return written([text, values, bound?.types, bound?.formats, bound?.resultFormats]);
}

function written(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function changesOf(
  table: string,
  before: ReadonlyMap<string, Row> = new Map(),
  after: ReadonlyMap<string, Row> = new Map(),
): RowChange[] {
  const changes: RowChange[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was = null, is = null] = [before.get(key), after.get(key)];
    const names = Object.keys(is ?? was ?? {});
    const columns =
      was && is ? names.filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name])) : names;
    if (columns.length > 0) changes.push({ table, key, before: was, after: is, columns });
  }
  return changes;
}
