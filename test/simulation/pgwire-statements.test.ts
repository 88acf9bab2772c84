/** What the gate on the wire tells of statements, and what a request behind it does next. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parting } from '../../runner/targets/pgwire/parting.ts';
import { evened } from '../../runner/targets/pgwire/renaming.ts';
import type { StatementWatch, WatchedStatement } from '../../runner/targets/statements.ts';
import { openDesk } from '../helpers/gated-city.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

class Listener implements StatementWatch {
  readonly begun: WatchedStatement[] = [];
  readonly ended: WatchedStatement[] = [];
  /** Bookings that others see after each commit. */
  readonly seen: number[] = [];
  isPrepared = false;

  async prepared(): Promise<void> {
    this.isPrepared = true;
  }

  began(statement: WatchedStatement): void {
    if (!this.isPrepared) throw new Error('The city is laid before anything begins.');
    this.begun.push(statement);
  }

  async settled(
    statement: WatchedStatement,
    control: Parameters<StatementWatch['settled']>[1],
  ): Promise<void> {
    this.ended.push(statement);
    if (statement.kind !== 'commit') return;
    const [row] = await control.unsafe('select count(*)::int as bookings from bookings');
    this.seen.push(row?.['bookings'] as number);
  }
}

it.each([
  ['check-then-insert', 1],
  ['single-statement', 1],
  ['', 1],
])('%j is told of from begin to commit, and nothing of it changes', async (bug, seed) => {
  const desk = await openDesk(url, bug === '' ? {} : { BUG: bug });
  try {
    const plain = await desk.execute({ seed, operations: 30 });
    const [listener, second] = [new Listener(), new Listener()];
    const heard = await desk.execute({ seed, operations: 30, statements: listener });
    await desk.execute({ seed, operations: 30, statements: second });
    expect(parting(plain.trace, heard.trace)).toBeNull();
    // Its ids are random, and mean the same.
    const told = ({ begun }: Listener) => evened(JSON.stringify(begun.map(({ owner: _, ...rest }) => rest)));
    expect(told(second)).toBe(told(listener));
    expect(listener.ended.length).toBe(listener.begun.length);
    const transactions = Map.groupBy(
      listener.begun.filter(({ transaction }) => transaction !== null),
      ({ transaction }) => transaction,
    );
    expect(transactions.size).toBeGreaterThan(5);
    for (const [first, ...rest] of transactions.values()) {
      if (first?.isAutocommit) expect(rest.map(({ kind }) => kind)).toEqual(['commit']);
      else expect(first).toMatchObject({ kind: 'begin', tag: 'BEGIN' });
      expect(rest.at(-1)?.kind).toMatch(/commit|rollback/);
    }
    const commits = listener.begun.filter(({ kind, error }) => kind === 'commit' && error === null);
    expect(commits.every(({ tag }) => tag === 'COMMIT')).toBe(true);
    expect(Math.max(...listener.seen)).toBeGreaterThan(Math.min(...listener.seen));
    const read = listener.begun.find(({ tag, rows }) => tag === 'SELECT' && (rows?.length ?? 0) > 0);
    expect(read?.count).toBe(read?.rows?.length);
    expect(Object.keys(read?.rows?.[0] ?? {})).not.toContain('1');
    if (bug === '') {
      const waited = listener.begun.filter(({ waitedFor }) => waitedFor.length > 0);
      expect(waited.length).toBeGreaterThan(0);
      for (const { waitedAt, waitedFor, id } of waited) {
        expect(waitedAt.length).toBeGreaterThan(0);
        expect(waitedFor).not.toContain(id);
      }
    }
  } finally {
    await desk.close();
  }
});
