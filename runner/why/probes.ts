/**
 * Asks every read of a recorded execution again after each commit, and looks at the tables: the truth at each point, to hold
 * the answers against that the service had. Nothing of it leaves the process.
 */
import type postgres from 'postgres';
import { MOST_WATCHED_ROWS, type WatchedStatement } from '../targets/statements.ts';
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
  /** At the start and after each commit; null: it could not be asked. */
  readonly answers: (string | null)[];
}

export class Probes {
  readonly #probes = new Map<string, Probe>();
  #tables: readonly { name: string; key: readonly string[] }[] = [];
  #before: Tables = new Map();

  constructor(reads: readonly WatchedStatement[]) {
    for (const read of reads) {
      if (!isRead(read) || VOLATILE.test(read.text)) continue;
      const text = read.text.replace(LOCKING, '');
      this.#probes.set(keyOf(read), { text, values: read.values, answers: [] });
    }
  }

  async prepared(control: postgres.Sql): Promise<void> {
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
      const answer = await control
        .begin('read only', (sql) => sql.unsafe(probe.text, probe.values as never[]))
        .then((rows) => answerOf(rows as unknown as Row[]))
        .catch(() => null);
      probe.answers.push(answer);
    }
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

/** As answers are compared. */
export function answerOf(rows: readonly Row[] | null): string | null {
  return rows === null ? null : JSON.stringify(rows.slice(0, MOST_WATCHED_ROWS), (_, value) => asSent(value));
}

/** A service behind a gate is told values as PostgreSQL writes them, whoever asks here gets them as their types. */
function asSent(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  // A date is a string by the time that it comes here, since it has a JSON form of its own.
  if (typeof value === 'string' && INSTANT.test(value)) return instantOf(value);
  return value;
}

const INSTANT = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d/;

function instantOf(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function keyOf({ text, values }: WatchedStatement): string {
  return JSON.stringify([text, values]);
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
