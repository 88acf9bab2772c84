/** What is said of services whose code breaks the rules of the gate: the mistake, where, and what would be right. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkService } from '../../runner/modules/check-service.ts';
import { setLoaded } from '../../runner/modules/loaded.ts';
import { sqlBookingService } from '../../runner/scenarios/bookings/services/postgres.ts';
import type { SqlService } from '../../runner/service/sql-service.ts';
import { executed } from '../helpers/execute.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const target = 'module:./mine.ts';
const right = sqlBookingService();
let database: TestPostgres;
let url: string;

beforeAll(async () => {
  database = await startTestPostgres();
  url = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());
afterEach(() => setLoaded({ scenario: null, adapter: null, service: null }));

function ran(service: unknown, operations = 60) {
  setLoaded({ scenario: null, adapter: null, service: checkService('./mine.ts', service) });
  return executed({ target, seed: 1, config: { operations } }, url);
}
const over = (handle: SqlService['handle']) => ran({ ...right, handle });

describe('a service over SQL', () => {
  it('that answers with something that is no reply is told what it answered to what', async () => {
    await expect(over(async () => 42 as never)).rejects.toThrow(
      /answered \{"operation":.* with 42, which is no reply\. Answer \{ outcome: 'ok'/,
    );
    await expect(over(async () => undefined as never)).rejects.toThrow(/with undefined, which is no reply/);
    await expect(over(async () => ({ outcome: 'ok' }) as never)).rejects.toThrow(/with \{"outcome":"ok"\}/);
  });

  it('that awaits a timer, or nothing that ever comes, is told so', async () => {
    const late = over(async (sql, call, clock) => {
      await nextTurn();
      await nextTurn();
      return right.handle(sql, call, clock);
    });
    await expect(late).rejects.toThrow(/awaits something other than its sql client/);
    await expect(over(() => new Promise(() => {}))).rejects.toThrow(/While it answers \{"operation":/);
  });

  it('that answers before a statement of its own is through is told which', async () => {
    const hasty = over(async (sql) => {
      void sql`select 1 as hasty`;
      return { outcome: 'refused', reason: 'full' };
    });
    await expect(hasty).rejects.toThrow(/before a statement of its own was through: select 1 as hasty/);
  });

  it('that throws at every request fails for its errors, with the first of them', async () => {
    const { end, events } = await over(async () => {
      throw new Error('boom');
    });
    expect(end).toMatchObject({ status: 'FAIL', failForensic: { invariant: 'errors-without-cause' } });
    expect(end.failForensic?.message).toMatch(
      /was answered 500 5 times in a row, and nothing that the run did explains it\. First at event \d+, .*: boom\./,
    );
    expect(events.at(-1)?.data['neverReached']).toContain('a request was answered');
  });

  it('whose schema, prepare or inspect fails is told which, and why', async () => {
    await expect(ran({ ...right, schema: 'creat table x ()' })).rejects.toThrow(
      /PostgreSQL refuses the service's schema: syntax error at or near "creat"/,
    );
    const prepare: SqlService['prepare'] = async (sql) => void (await sql`insert into nowhere values (1)`);
    await expect(ran({ ...right, prepare })).rejects.toThrow(/prepare\(\) failed: .*nowhere/);
    const inspect: SqlService['inspect'] = async (sql) => await sql`select nothing from slots`;
    await expect(ran({ ...right, inspect })).rejects.toThrow(/inspect\(\) failed: .*nothing/);
    await expect(ran({ ...right, inspect: async () => 'nothing' })).rejects.toThrow(
      /inspect\(\) gave string, but for bookings it is a list of slots/,
    );
  });
});

describe('a service in memory', () => {
  const inMemory = (handle: unknown) => ran({ prepare() {}, inspect: () => [], handle });

  it('whose handle is no generator is told so', async () => {
    const asynchronous = async () => ({ outcome: 'refused', reason: 'full' });
    await expect(inMemory(asynchronous)).rejects.toThrow(/in memory it is a generator: \*handle/);
  });

  it('that answers with something that is no reply, or throws, is told as over SQL', async () => {
    await expect(
      inMemory(function* () {
        yield;
        return 'full';
      }),
    ).rejects.toThrow(/with full, which is no reply/);
    // biome-ignore lint/correctness/useYield: it comes to none.
    const { end } = await inMemory(function* () {
      throw new Error('boom');
    });
    expect(end.failForensic?.message).toMatch(/was answered 500 5 times in a row.*: boom/);
  });
});
