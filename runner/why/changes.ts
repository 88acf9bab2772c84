/** What commits changed, and what a read said, in words: rows by the names that callers know them by. */
import { inShort } from '../service/in-short.ts';
import type { WatchedStatement } from '../targets/statements.ts';
import { names } from './dependencies.ts';
import { Effects } from './effects.ts';
import type { Commit, Recording, Row, RowChange } from './findings.ts';
import { givenIds, numbered } from './said.ts';

/** Things of a kind that are named one by one; of more it is said how many there are. */
const MOST_NAMED = 2;
const MOST_COLUMNS = 2;

/** Words for what one execution read and changed; without values where they must not be told. */
export class Changes {
  readonly #effects: Effects;
  /** Ids that answers carried to callers. */
  readonly #given: ReadonlySet<string>;
  /** What callers named themselves. */
  readonly #asked: ReadonlySet<string>;
  readonly #withValues: boolean;

  constructor(recording: Recording, withValues: boolean) {
    this.#effects = new Effects(recording);
    this.#given = new Set(recording.requests.flatMap(givenIds));
    this.#asked = new Set(recording.requests.flatMap(({ call }) => Object.values(call).map(String)));
    this.#withValues = withValues;
  }

  /** Of the commits' changes those that the read's text is about, else all; what is changed again counts once, as it ended. */
  seenBy(read: WatchedStatement, commits: readonly Commit[]): RowChange[] {
    const all = commits.flatMap((commit) => this.#effects.by(commit));
    const near = all.filter(({ table }) => names(read.text, table));
    const exact = near.flatMap((change) => {
      if (isWhole(change)) return [change];
      const columns = change.columns.filter((column) => names(read.text, column));
      return columns.length > 0 ? [{ ...change, columns }] : [];
    });
    const found = exact.length > 0 ? exact : near.length > 0 ? near : all;
    const merged = new Map<string, RowChange>();
    for (const change of found) {
      const key = `${change.table}/${change.key}`;
      const first = merged.get(key);
      const columns = [...new Set([...(first?.columns ?? []), ...change.columns])];
      merged.set(key, first ? { ...change, before: first.before, columns } : change);
    }
    return [...merged.values()];
  }

  /** What a commit changed that counts; `text`: of its rows and columns those that it names, where there are any. */
  by(commit: Commit | null, text: string | null = null): RowChange[] {
    if (commit === null) return [];
    const all = this.#effects.by(commit);
    const near = text === null ? [] : all.filter(({ table }) => names(text, table));
    return near.length > 0 ? near : all;
  }

  /** The one column that the read told of and that the commits changed; null: there is no such, or more. */
  columnRead(read: WatchedStatement, commits: readonly Commit[]): string | null {
    const [only, ...others] = this.seenBy(read, commits);
    if (!only || others.length > 0 || isWhole(only) || only.columns.length !== 1) return null;
    return this.read(read, [only]).includes(' = ') ? `${only.table}.${only.columns[0]}` : null;
  }

  /** `added b-1`, `set slots.open to false`; empty: nothing that counts. `known`: a column that is called `it`. */
  done(changes: readonly RowChange[], known: string | null = null): string {
    const isKnown = ({ table, columns }: RowChange) =>
      columns.length === 1 && `${table}.${columns[0]}` === known;
    return this.#grouped(changes, {
      came: (rows, table) => `added ${this.#rows(rows, table)}`,
      went: (rows, table) => `removed ${this.#rows(rows, table)}`,
      moved: (row) => {
        const to = (column: string) => ` to ${this.#value(row.after, column)}`;
        if (isKnown(row)) return this.#withValues ? `set it${to(row.columns[0] as string)}` : 'changed it';
        return `${this.#withValues ? 'set' : 'changed'} ${this.#columns(row, to, "'s")}`;
      },
    });
  }

  /** As a mark at the statement: `adds b-1`, `slots.open true → false`. */
  mark(changes: readonly RowChange[]): string {
    return this.#grouped(changes, {
      came: (rows, table) => `adds ${this.#rows(rows, table)}`,
      went: (rows, table) => `removes ${this.#rows(rows, table)}`,
      moved: (row) =>
        this.#columns(
          row,
          (column) => ` ${this.#value(row.before, column)} → ${this.#value(row.after, column)}`,
        ),
    });
  }

  /** As a mark at a read that is stale: `does not see b-1`, `does not see slots.open = false`. */
  missed(changes: readonly RowChange[]): string {
    return this.#grouped(changes, {
      came: (rows, table) => `does not see ${this.#rows(rows, table)}`,
      went: (rows, table) => `still sees ${this.#rows(rows, table)}`,
      moved: (row) =>
        `does not see ${this.#columns(row, (column) => ` = ${this.#value(row.after, column)}`)}`,
    });
  }

  /** What the read asked and was told, as far as the changes are about it: `counted bookings`, `saw slots.open = true`. */
  read(read: WatchedStatement, changes: readonly RowChange[]): string {
    const { text, rows } = read;
    const moved = changes.find((change) => !isWhole(change) && names(text, change.table));
    const tables = [...new Set(changes.map(({ table }) => table))].filter((table) => names(text, table));
    const [table = /\bfrom\s+"?(\w+)/i.exec(text)?.[1] ?? 'it'] = tables;
    if (/\bcount\s*\(/i.test(text)) return `counted ${table}`;
    if (/\bsum\s*\(/i.test(text)) return `added up ${table}`;
    if (moved && rows?.length === 1)
      return `saw ${this.#columns(moved, (column) => ` = ${this.#value(rows[0] ?? null, column, moved.before)}`)}`;
    if (rows?.length === 0) return `found no such row in ${table}`;
    return `looked at ${table}`;
  }

  #grouped(
    changes: readonly RowChange[],
    words: {
      came: (rows: readonly RowChange[], table: string) => string;
      went: (rows: readonly RowChange[], table: string) => string;
      moved: (row: RowChange) => string;
    },
  ): string {
    const tables = [...new Set(changes.map(({ table }) => table))];
    const told = tables.flatMap((table) => {
      const of = changes.filter((change) => change.table === table);
      const came = of.filter(({ before }) => before === null);
      const went = of.filter(({ after }) => after === null);
      const moved = of.filter((change) => !isWhole(change));
      return [
        ...(came.length > 0 ? [words.came(came, table)] : []),
        ...(went.length > 0 ? [words.went(went, table)] : []),
        ...moved.slice(0, MOST_NAMED).map(words.moved),
        ...(moved.length > MOST_NAMED
          ? [`${numbered(moved.length - MOST_NAMED, 'more row')} of ${table}`]
          : []),
      ];
    });
    return listed(told.slice(0, 3));
  }

  /** `b-1`, `b-1 and b-2`, `3 rows of bookings`. */
  #rows(rows: readonly RowChange[], table: string): string {
    const known = rows.map((row) => this.#nameOf(row));
    if (rows.length > MOST_NAMED || known.includes(null))
      return rows.length === 1 ? `a row of ${table}` : `${numbered(rows.length, 'row')} of ${table}`;
    return known.join(' and ');
  }

  /** `slots.open`, or `b-1 active` where the row has a name that an answer gave it. */
  #columns(row: RowChange, value: (column: string) => string, possessive = ''): string {
    const given = this.#withValues ? this.#givenName(row) : null;
    const of = given === null ? `${row.table}.` : `${given}${possessive} `;
    const shown = row.columns.slice(0, MOST_COLUMNS);
    return shown
      .map((column, i) => `${i === 0 ? of : ''}${column}${this.#withValues ? value(column) : ''}`)
      .join(', ');
  }

  #nameOf(row: RowChange): string | null {
    if (!this.#withValues) return null;
    return this.#givenName(row) ?? this.#askedName(row);
  }

  #givenName({ before, after }: RowChange): string | null {
    const values = Object.values(after ?? before ?? {});
    return (
      values.find((value): value is string => typeof value === 'string' && this.#given.has(value)) ?? null
    );
  }

  /** Its primary key, where that is a single value that callers use. */
  #askedName({ key }: RowChange): string | null {
    const parts: unknown = JSON.parse(key);
    const [only] = Array.isArray(parts) && parts.length === 1 ? parts : [];
    return typeof only === 'string' && this.#asked.has(only) ? only : null;
  }

  #value(row: Row | null, column: string, other: Row | null = null): string {
    const value = row?.[column] ?? other?.[column];
    // A service behind a gate is told booleans as PostgreSQL writes them.
    const isFlag = typeof other?.[column] === 'boolean';
    if (isFlag && (value === 't' || value === 'f')) return value === 't' ? 'true' : 'false';
    return inShort(value).slice(0, 40);
  }
}

/** The row itself came or went. */
function isWhole({ before, after }: RowChange): boolean {
  return before === null || after === null;
}

/** `a`, `a and b`, `a, b and c`. */
function listed(all: readonly string[]): string {
  return all.length < 2 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}
