/** A city's connections are told their settings after the start, where poolers let them; whatever takes them back. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectOne } from '../../runner/targets/postgres/connection.ts';
import { Connection } from '../../runner/targets/postgres/connection-pool.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());

/** A connection to a database that has settings of its own, and what is looked at. */
async function opened() {
  const url = await postgres.createDatabase({ migrated: false });
  const name = new URL(url).pathname.slice(1);
  const owner = postgres.open(url);
  for (const limit of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'])
    await owner.unsafe(`alter database ${name} set ${limit} = '7s'`);
  const sql = connectOne({ url, database: null }, 'simcity-city', { search_path: 'city' });
  const seen = async () => {
    const [row] = await sql.unsafe(`
      select pg_backend_pid() as pid, current_setting('search_path') as path,
        current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
        current_setting('idle_in_transaction_session_timeout') as idle,
        current_setting('transaction_timeout', true) as transaction`);
    return row as unknown as { pid: number };
  };
  return { sql, owner, seen, close: () => sql.end({ timeout: 0 }) };
}

const TOLD = { path: 'city', statement: '0', lock: '0', idle: '0' };

it('before the first statement, in the place of what the database has', async () => {
  const { sql, seen, close } = await opened();
  const [row] = await sql`select current_setting('search_path') as path`;
  expect(row).toEqual({ path: 'city' });
  expect(await seen()).toMatchObject(TOLD);
  await close();
});

it('anew where a statement takes them back, each alone and all together', async () => {
  const { sql, seen, close } = await opened();
  await sql.unsafe("set lock_timeout = '1s'");
  for (const text of ['reset search_path', 'set statement_timeout to default', 'set search_path = default']) {
    await sql.unsafe(text);
    expect(await seen(), text).toMatchObject({ ...TOLD, lock: '1s' });
  }
  for (const text of ['begin; reset all; commit', 'discard all']) {
    await sql.unsafe(text);
    expect(await seen(), text).toMatchObject(TOLD);
  }
  await close();
});

it('anew where the connection was ended', async () => {
  const { sql, owner, seen, close } = await opened();
  const { pid } = await seen();
  await owner`select pg_terminate_backend(${pid}, 5000)`;
  await sql.unsafe('select 1').catch(() => {});
  const again = await seen();
  expect(again).toMatchObject(TOLD);
  expect(again.pid).not.toBe(pid);
  await close();
});

it('sends lists as arrays, whatever is in them', async () => {
  const url = await postgres.createDatabase({ migrated: false });
  const place = { url, database: null };
  const connection = await Connection.open(0, { place, schema: 'public', isolation: 'read committed' });
  const names = ['a', 'b,c', 'null', '', '{"d"}', 'e\\f', "g'h"];
  const rows = await connection.send('select unnest($1::text[]) as name', [names]);
  expect(rows.map(({ name }) => name)).toEqual(names);
  const [row] = await connection.send(
    'select 3 = any ($1::int[]) as has, cardinality($2::bigint[]) as none',
    [[1, 3], []],
  );
  expect(row).toEqual({ has: true, none: 0 });
  await connection.close();
});
