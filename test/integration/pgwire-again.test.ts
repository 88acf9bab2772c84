/** Statements of the wire asked again past the gate, with the bytes that their client sent. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PacketStream } from '../../runner/targets/pgwire/packets.ts';
import { boundStatement } from '../../runner/targets/pgwire/protocol/compose.ts';
import { logIn } from '../../runner/targets/pgwire/upstream.ts';
import type { BoundValues } from '../../runner/targets/statements.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { letThrough, startGate } from '../helpers/wire-gate.ts';

let database: TestPostgres;

beforeAll(async () => {
  database = await startTestPostgres();
});
afterAll(() => database.close());

/** Types, with a value of each and the function by which PostgreSQL writes it in binary. */
const VALUES: readonly (readonly [type: string, value: string, send: string])[] = [
  ['bool', 't', 'boolsend'],
  ['bool', 'f', 'boolsend'],
  ['int4', '-7', 'int4send'],
  ['int8', '9007199254740993', 'int8send'],
  ['float8', '0.1', 'float8send'],
  ['numeric', '12.500', 'numeric_send'],
  ['text', "it's süß", 'textsend'],
  ['bytea', '\\x00ff7d', 'byteasend'],
  ['json', '{"a": [1, null]}', 'json_send'],
  ['jsonb', '{"a": [1, null]}', 'jsonb_send'],
  ['date', '2026-02-28', 'date_send'],
  ['date', 'infinity', 'date_send'],
  ['timestamp', '2026-02-28 10:00:00.5', 'timestamp_send'],
  ['timestamptz', '2026-02-28 10:00:00+02', 'timestamptz_send'],
  ['interval', '1 mon 2 days', 'interval_send'],
  ['uuid', '00000000-0000-4000-8000-000000000001', 'uuid_send'],
  ['bool[]', '{t,f,NULL}', 'array_send'],
  ['int4[]', '{1,2,3}', 'array_send'],
  ['text[]', '{a,"b, c",NULL}', 'array_send'],
];

it('are answered as their client was, for every type, as text and in binary', async () => {
  const { gate, login, listener, direct } = await startGate(database, 'create table t (i int)');
  const sql = database.open(direct);
  const parameters = new Map([['TimeZone', 'Asia/Tokyo']]);
  const client = await logIn(
    { ...login, tls: false },
    { client: null, database: 'any', minor: 0, parameters },
  );
  const stream = new PacketStream(client.socket);
  client.socket.resume();
  const again = gate.again();
  gate.isOpen = false;
  /** How the client is answered, and how whoever asks again. */
  const answers = async (text: string, bound: BoundValues) => {
    stream.write(boundStatement(text, bound));
    const group = await letThrough(await listener.next());
    expect(group.error, text).toBeNull();
    const [statement] = group.statements;
    const rows = await again.ask(text, statement?.bound as BoundValues);
    return { first: group.rows, second: rows?.map(Object.values) ?? null };
  };
  try {
    for (const [type, value, send] of VALUES) {
      const [row] = await sql.unsafe(
        `select ${send}($1::text::${type}) as bytes, '${type}'::regtype::oid as oid`,
        [value],
      );
      // What the value is, said without any parameter.
      const text = `select $1::${type} as v, $1::${type}::text = '${value.replaceAll("'", "''")}'::${type}::text as same`;
      for (const format of [0, 1]) {
        for (const result of [0, 1]) {
          for (const types of [[], [Number(row?.['oid'])]]) {
            const values = [format === 1 ? (row?.['bytes'] as Buffer) : Buffer.from(value)];
            const told = await answers(text, { types, formats: [format], values, resultFormats: [result] });
            const which = `${type} ${value}, in format ${format}, answered in ${result}`;
            expect(told.second, which).toEqual(told.first);
            expect(told.second?.[0]?.[1], which).toBe(result === 1 ? '01' : 't');
          }
        }
      }
      const none = { types: [], formats: [], values: [null], resultFormats: [] };
      const isNull = await answers(`select $1::${type} is null as none`, none);
      expect(isNull).toEqual({ first: [['t']], second: [['t']] });
    }
    // Nobody can write so, and what fails has no answer; afterwards the next is asked as before.
    const none = { types: [], formats: [], values: [], resultFormats: [] };
    expect(await again.ask('insert into t values (1)', none)).toBeNull();
    expect(await again.ask('select nothing', none)).toBeNull();
    await sql.unsafe('insert into t values (7)');
    expect(await again.ask('select i from t', none)).toEqual([{ i: '7' }]);
    // As a crash does to every connection to the clone.
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    expect(await again.ask('select i from t', none)).toEqual([{ i: '7' }]);
  } finally {
    again.close();
    client.socket.destroy();
    await sql.end();
    await gate.close();
  }
});
