/** Row 26: migrations by two at once, killed midway, again; on plain PostgreSQL and with Supabase's roles and migrator. */
import { afterAll, beforeAll, expect } from 'vitest';
import { connect } from '../../server/db/client.ts';
import { readMigrations } from '../../server/db/migrate.ts';
import { schemaOf } from '../helpers/schema.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { ChaosDatabase } from './support/database.ts';
import { startSimcity } from './support/parts.ts';
import { processesOf, signal } from './support/processes.ts';
import { type Row, row } from './support/row.ts';
import { FULL } from './support/seed.ts';
import { until, within } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

/** Odd, so that the message arrives or not by turns. */
const STEP = FULL ? 1 : 5;

interface Report {
  applied: string[];
  pending: string[];
  already: string[];
}

async function migrate(row: Row, databaseUrl: string): Promise<Report> {
  const command = await startSimcity(row, ['migrate', '--json'], { env: { DATABASE_URL: databaseUrl } });
  expect(await within('simcity migrate ends', 60_000, command.ended), command.stderr).toBe(0);
  return JSON.parse(command.stdout) as Report;
}

row(
  {
    row: 26,
    fault:
      'migrations: two at once, killed midway at every message, run again; plain and as Supabase does it',
    target: 'one applied set; plain = Supabase',
    timeoutMs: FULL ? 900_000 : 180_000,
  },
  async (row) => {
    const migrations = await readMigrations();
    const names = migrations.map(({ name }) => name);
    const plainUrl = await database.create({ migrated: false });
    const plain = database.open(row, plainUrl);
    const reports = await Promise.all([migrate(row, plainUrl), migrate(row, plainUrl)]);
    expect(reports.flatMap(({ applied }) => applied).toSorted(), 'each by exactly one').toEqual(names);
    expect(await migrate(row, plainUrl)).toEqual({ applied: [], pending: [], already: names });
    const expected = await schemaOf(plain);
    expect(expected.length).toBeGreaterThan(100);

    const link = await TcpProxy.start(database.port);
    row.defer(() => link.close());
    let kills = 0;
    for (let n = 1; ; n += STEP) {
      const url = await database.create({ migrated: false });
      const killed = await migrateUntilMessage(row, link, url, n);
      if (killed) kills += 1;
      const { applied, already } = await migrate(row, url);
      expect([...already, ...applied], `after a kill at message ${n}`).toEqual(names);
      const sql = connect(url, { max: 1 });
      expect(await schemaOf(sql), `after a kill at message ${n}`).toEqual(expected);
      await sql.end();
      if (!killed) break;
    }
    expect(kills, 'kills that came in the middle').toBeGreaterThan(3);

    await plain.unsafe('create role anon; create role authenticated; create role service_role bypassrls');
    const supabase = database.open(row, await database.create({ migrated: false }));
    await supabase.unsafe(`
      alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
      alter default privileges in schema public grant all on functions to anon, authenticated, service_role`);
    // Its migrator sends a file as one query of many statements: one transaction, without BEGIN.
    for (const { text } of migrations) await supabase.unsafe(text);
    const ours = (line: string) => !line.includes('simcity_migrations');
    expect(await schemaOf(supabase)).toEqual(expected.filter(ours));
    row.say(
      `two \`simcity migrate\` at once, ${kills} killed at their messages 1, ${1 + STEP}, … to PostgreSQL, each run again; ${names.length} files as one query each beside Supabase's roles`,
    );
    row.reach(`the same ${expected.length} objects each time; I4 holds`);
  },
);

/** kill -9 of `simcity migrate` and its tool when it sends its Nth message; false when it ended before that. */
async function migrateUntilMessage(
  row: Row,
  link: TcpProxy,
  databaseUrl: string,
  n: number,
): Promise<boolean> {
  const reached = Promise.withResolvers<true>();
  let messages = 0;
  link.onRequest = () => {
    messages += 1;
    if (messages < n) return 'pass';
    reached.resolve(true);
    // Half of them arrive, so that PostgreSQL works on while its client is gone.
    return n % 2 === 1 ? 'pass' : 'drop';
  };
  const command = await startSimcity(row, ['migrate', '--json'], {
    env: { DATABASE_URL: link.inFrontOf(databaseUrl) },
  });
  const killed = await Promise.race([reached.promise, command.ended.then(() => false)]);
  if (killed) for (const { pid } of processesOf(row.tag)) signal(pid, 'SIGKILL');
  await command.ended;
  await until('its processes are gone', 10_000, () => processesOf(row.tag).length === 0);
  link.onRequest = () => 'pass';
  link.cutAll();
  return killed;
}
