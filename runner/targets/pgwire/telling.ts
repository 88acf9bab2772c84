/** Tells a watch of what passes the gate: groups of messages as statements, with the transactions around them. */

import { SqlError } from '../postgres/sql-client.ts';
import { type DatabaseAnswer, LOST, type StatementFeed, type ToldStatement } from '../statement-feed.ts';
import type { BoundValues } from '../statements.ts';
import type { Seat, SeatOwner, ToldTransaction, WireStatement } from './statement.ts';
import type { Group, WireError } from './wire.ts';

const BEGINS = /^\s*(?:begin|start\s+transaction)\b/i;
const LEVEL = /isolation\s+level\s+(serializable|repeatable\s+read|read\s+committed|read\s+uncommitted)/i;
/** Texts whose columns are remembered: a driver asks for their description once, and then no more. */
const MOST_TEXTS = 1_000;

export class Telling {
  readonly #feed: StatementFeed;
  /** What the engine hangs on a request's task; null: nobody's. */
  readonly #ownerOf: (owner: SeatOwner) => unknown;
  readonly #columns = new Map<string, readonly string[]>();
  readonly #commits = new WeakMap<WireStatement, ToldStatement>();
  /** Seats by their number, counted from 0 as they are told of. */
  readonly #connections = new Map<number, number>();

  constructor(feed: StatementFeed, ownerOf: (owner: SeatOwner) => unknown) {
    this.#feed = feed;
    this.#ownerOf = ownerOf;
  }

  /** Let through, for the first time or again. */
  letThrough(statement: WireStatement): void {
    if (statement.told) return;
    const { connection: seat, isOpenedByGate, words, values } = statement;
    const isInTransaction = seat.wire.transaction !== 'idle';
    if (isInTransaction) seat.toldTransaction ??= this.#begun(seat);
    else if (isOpenedByGate) seat.toldTransaction = { begin: null };
    statement.told = this.#feed.letThrough({
      ...this.#about(seat),
      kind: statement.tellsAs,
      text: words,
      values,
      bound: boundOf(statement.group),
      transaction: isInTransaction || isOpenedByGate ? seat.toldTransaction : null,
      isAutocommit: isOpenedByGate,
      isolation: null,
    });
  }

  sent({ told, connection }: WireStatement): void {
    const begin = connection.toldTransaction?.begin;
    if (begin && begin.sentAt === null) {
      begin.sent();
      this.#feed.answered(begin, { rows: null, count: null, tag: 'BEGIN', error: null });
    }
    told?.sent();
  }

  /** The end of what the gate has opened goes to the database. */
  commitSent(statement: WireStatement, text: 'commit' | 'rollback'): void {
    const { connection: seat } = statement;
    const told = this.#feed.letThrough({
      ...this.#about(seat),
      kind: text,
      text,
      values: [],
      transaction: seat.toldTransaction,
      isAutocommit: true,
      isolation: null,
    });
    told.sent();
    this.#commits.set(statement, told);
  }

  /** The database has answered the statement, or its connection is lost. */
  answered({ told, group, isLost }: WireStatement): void {
    if (told) this.#feed.answered(told, isLost ? LOST : this.#answerOf(group));
  }

  /** The end of what the gate has opened has come. */
  committed(statement: WireStatement): void {
    const told = this.#commits.get(statement);
    if (!told) return;
    if (statement.isLost) return this.#feed.answered(told, LOST);
    const error = statement.commitError;
    const tag = error ? null : told.kind.toUpperCase();
    this.#feed.answered(told, { rows: null, count: null, tag, error: error && errorOf(error) });
  }

  /** The service was killed: nothing that was under way is answered any more. */
  cutOff(): void {
    this.#feed.cutOff();
  }

  /** Resolves when the watch is through with what was answered; nothing may go on before. */
  async tell(): Promise<void> {
    await this.#feed.tell();
  }

  #begun(seat: Seat): ToldTransaction {
    const { opening } = seat.wire;
    const transaction: ToldTransaction = { begin: null };
    const text = opening.find((each) => BEGINS.test(each));
    if (text === undefined) return transaction;
    transaction.begin = this.#feed.letThrough({
      ...this.#about(seat),
      kind: 'begin',
      text,
      values: [],
      transaction,
      isAutocommit: false,
      isolation: isolationOf(opening),
    });
    return transaction;
  }

  #about(seat: Seat): { owner: unknown; connection: number } {
    const connection = this.#connections.get(seat.number) ?? this.#connections.size;
    // Which connection the service's pool hands out is the world's; whose seat it is, the seed's.
    this.#connections.set(seat.number, connection);
    return { owner: this.#ownerOf(seat.owner), connection };
  }

  #answerOf(group: Group): DatabaseAnswer {
    const { error, tags } = group;
    if (error) return { rows: null, count: null, tag: null, error: errorOf(error) };
    const words = (tags.at(-1) ?? '').split(' ');
    const last = words.at(-1) ?? '';
    const isCounted = words.length > 1 && /^\d+$/.test(last);
    return {
      // Rows of several statements together are those of none.
      rows: tags.length === 1 ? this.#rowsOf(group) : null,
      count: isCounted ? Number(last) : null,
      tag: words[0] || null,
      error: null,
    };
  }

  #rowsOf(group: Group): Record<string, string | null>[] {
    const columns = this.#columnsOf(group);
    return group.rows.map((row) =>
      Object.fromEntries(row.map((value, index) => [columns[index] ?? String(index + 1), value])),
    );
  }

  #columnsOf({ columns, statements }: Group): readonly string[] {
    const text = statements.map((each) => each.text).join(';');
    if (columns === null) return this.#columns.get(text) ?? [];
    if (this.#columns.size < MOST_TEXTS) this.#columns.set(text, columns);
    return columns;
  }
}

/** Its bytes are kept for longer than its group, and without the rest of what came with them. */
function boundOf({ statements }: Group): BoundValues | null {
  const [{ bound } = {}, ...others] = statements;
  if (!bound || others.length > 0) return null;
  return { ...bound, values: bound.values.map((bytes) => bytes && Buffer.from(bytes)) };
}

function isolationOf(opening: readonly string[]): string | null {
  for (const text of opening) {
    const level = LEVEL.exec(text)?.[1];
    if (level) return level.toLowerCase().replace(/\s+/g, ' ');
  }
  return null;
}

function errorOf({ code, message }: WireError): SqlError {
  return new SqlError(code, message);
}
