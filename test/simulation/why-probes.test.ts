/** Reads asked again answer what the service was answered, on both targets; what a crash cuts off behind the gate has an end. */
import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectOne } from '../../runner/targets/postgres/connection.ts';
import type { AsksAgain, StatementWatch, WatchedStatement } from '../../runner/targets/statements.ts';
import { isWrite } from '../../runner/why/dependencies.ts';
import { answerOf, isRead, Probes } from '../../runner/why/probes.ts';
import { isCommit } from '../../runner/why/recording.ts';
import { openDesk } from '../helpers/gated-city.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

/** Keeps statements, and with probes asks them after each commit; at which commit each was answered. */
class Asker implements StatementWatch {
  readonly statements: WatchedStatement[] = [];
  readonly settled_: WatchedStatement[] = [];
  readonly at = new Map<WatchedStatement, number>();
  readonly probes: Probes | null;
  #commits = 0;

  constructor(probes: Probes | null) {
    this.probes = probes;
  }

  async prepared(control: postgres.Sql, again?: AsksAgain): Promise<void> {
    await this.probes?.prepared(control, again);
  }

  began(statement: WatchedStatement): void {
    this.statements.push(statement);
  }

  async settled(statement: WatchedStatement, control: postgres.Sql): Promise<void> {
    this.settled_.push(statement);
    this.at.set(statement, this.#commits);
    if (!isCommit(statement) || statement.error !== null) return;
    this.#commits++;
    await this.probes?.afterCommit(control);
  }

  /** Reads that saw what was committed, and nothing of their own. */
  get plain(): WatchedStatement[] {
    return this.statements.filter(
      (read) =>
        isRead(read) &&
        read.rows !== null &&
        read.waitedFor.length === 0 &&
        !this.statements.some(
          (each) => each.transaction === read.transaction && each.id < read.id && isWrite(each),
        ),
    );
  }
}

describe('reads asked again', () => {
  it('answer as the service behind the gate was answered', async () => {
    const desk = await openDesk(url);
    try {
      const first = new Asker(null);
      await desk.execute({ seed: 2, operations: 40, statements: first });
      const second = new Asker(new Probes(first.statements));
      await desk.execute({ seed: 2, operations: 40, statements: second });
      const compared = second.plain.flatMap((read) => {
        const asked = second.probes?.at(read, second.at.get(read) ?? 0) ?? null;
        return asked === null ? [] : [[read.text, asked, answerOf(read.rows)]];
      });
      for (const [text, asked, answered] of compared) expect(asked, text as string).toBe(answered);
      // Some are about ids that are random, and so of one execution alone.
      expect(compared.length).toBeGreaterThan(15);
      expect(new Set(compared.map(([, asked]) => asked)).size).toBeGreaterThan(5);
    } finally {
      await desk.close();
    }
  });

  it('answer as the driver of a service in the engine was answered, for each type of value', async () => {
    const place = { url, database: null };
    const [service, control] = [connectOne(place, 'service'), connectOne(place, 'control')];
    const values = [
      ...['bool', 'bool'].map((type, i) => [type, i === 0]),
      ...[
        ['int4', 7],
        ['float8', 0.5],
        ['int8', 9007199254740993n],
        ['numeric', '12.50'],
      ],
      ...[
        ['text', 'süß'],
        ['date', '2026-02-28'],
        ['timestamptz', '2026-02-28 10:00:00+02'],
      ],
      ...[
        ['json', '{"a": 1}'],
        ['jsonb', '{"a": 1}'],
        ['bytea', '\\x00ff'],
        ['text[]', '{a,b}'],
        ['int4', null],
      ],
    ] as [string, string | number | boolean | bigint | null][];
    try {
      for (const [type, value] of values) {
        const text = `select $1::${type} as v, $1::${type} is null as none`;
        const rows = await service.unsafe(text, [value] as never[], { prepare: true });
        const read = { text, values: [value], kind: 'statement', rows } as unknown as WatchedStatement;
        const probes = new Probes([read]);
        await probes.prepared(control);
        expect(probes.at(read, 0), `${type} ${value}`).toBe(answerOf([...rows]));
      }
    } finally {
      await Promise.all([service.end(), control.end()]);
    }
  });
});

it('what a crash of the service behind the gate cuts off has an end', async () => {
  const desk = await openDesk(url);
  try {
    const watch = new Asker(null);
    let crashes = 0;
    await desk.execute({
      seed: 3,
      operations: 60,
      statements: watch,
      stepped: async ({ steps, crash }) => {
        const isInside = watch.statements.some(
          ({ sentAt, settledAt }) => sentAt !== null && settledAt === null,
        );
        if (crashes >= 2 || steps < 40 || !isInside) return;
        crashes++;
        await crash();
      },
    });
    expect(crashes).toBe(2);
    expect(watch.settled_.length).toBe(watch.statements.length);
    expect(watch.statements.filter(({ error }) => error === '08006').length).toBeGreaterThanOrEqual(2);
  } finally {
    await desk.close();
  }
});
