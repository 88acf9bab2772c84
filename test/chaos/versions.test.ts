/** Row 38: versions that are one migration apart, at one database; and what 0.1.0 left. */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { connect, type Sql } from '../../server/db/client.ts';
import { migrate } from '../../server/db/migrate.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { newerVersion, olderVersion } from './support/other-version.ts';
import { runner, type Serving, type StartOptions, serve, startSimcity } from './support/parts.ts';
import { type Row, row } from './support/row.ts';
import { launchRun, untilEnded } from './support/runs.ts';
import { allEnded, subscribe } from './support/subscriber.ts';
import { until, within } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const RECORDED = join(process.cwd(), 'test/fixtures/version-0.1.0');
const LONG = { operations: 3_000, rate: 300 };
const ENDS_WITHIN_MS = 120_000;

/** Starts the command, which ends by itself; answers its exit code and what it said. */
async function told(row: Row, args: readonly string[], options: StartOptions = {}) {
  const command = await startSimcity(row, args, options);
  const exitCode = await within(`simcity ${args[0]} ends`, 60_000, command.ended);
  return { exitCode, said: command.stdout + command.stderr };
}

/** Whatever works on the database says `why`, and does nothing. */
async function expectRefused(row: Row, databaseUrl: string, why: string, options: StartOptions = {}) {
  const env = { DATABASE_URL: databaseUrl };
  const commands = [
    ['serve', '--port', '0'],
    ['migrate'],
    ['prune', '--keep', '1d', '--yes'],
    ['token', 'list'],
    ['runs'],
  ];
  for (const args of commands)
    expect([args[0], await told(row, args, { ...options, env })]).toEqual([
      args[0],
      { exitCode: 4, said: expect.stringContaining(why) },
    ]);
}

/** A run with a follower at each server; `meanwhile` is done once it is under way. */
async function followedRun(
  row: Row,
  sql: Sql,
  servers: readonly [Serving, ...Serving[]],
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<void> {
  const { id } = await launchRun(servers[0].url, LONG);
  const subscribers = servers.flatMap(({ url }) => subscribe(2, url, id));
  await until('the run is under way', ENDS_WITHIN_MS, () => subscribers.every(({ next }) => next > 50));
  await meanwhile();
  await allEnded(subscribers, ENDS_WITHIN_MS);
  expect((await untilEnded(servers[0].url, id, ENDS_WITHIN_MS)).status).toBe('PASS');
  await assertInvariants(row, { sql, runId: id, subscribers });
}

/** What 0.1.0 left: its database, the file of a campaign, its note, and a command that reproduces. */
async function leftBehind(row: Row): Promise<void> {
  const databaseUrl = await database.create({ migrated: false });
  const sql = connect(databaseUrl, { max: 1 });
  row.defer(() => sql.end());
  await migrate(sql, []);
  const migrations: { name: string; checksum: string }[] = JSON.parse(
    await readFile(join(RECORDED, 'migrations.json'), 'utf8'),
  );
  await sql`insert into simcity_migrations ${sql(migrations, 'name', 'checksum')}`;
  await sql.unsafe(`create function simcity_claim_run(
    p_runner text, p_lease_seconds double precision, p_token_hash bytea, p_only uuid default null
  ) returns uuid language sql as 'select null::uuid'`);
  await expectRefused(row, databaseUrl, `with another sql/${migrations[0]?.name}`);
  const { exitCode, said } = await told(row, ['runner', '--server', 'http://127.0.0.1:1'], {
    env: { DATABASE_URL: databaseUrl },
  });
  expect(exitCode, said).toBe(4);
  expect(said).toContain('those of another version (run: npx simcity migrate)');
  expect([...(await sql`select name, checksum from simcity_migrations order by name`)]).toEqual(migrations);

  const folder = join(database.folder, 'left-behind');
  const data = join(folder, '.simcity');
  await mkdir(join(data, 'campaigns'), { recursive: true });
  await copyFile(join(RECORDED, 'campaign.json'), join(data, 'campaigns/c-0.1.0.json'));
  await copyFile(join(RECORDED, 'server.json'), join(data, 'server.json'));
  const here = { cwd: folder, env: { SIMCITY_DATA_DIR: data } };
  const resumed = await told(row, ['campaign', '--resume', 'c-0.1.0'], here);
  expect(resumed).toMatchObject({ exitCode: 2, said: expect.stringContaining('a SimCity before 0.2.0') });
  const runs = await told(row, ['runs'], here);
  expect(runs).toMatchObject({ exitCode: 4, said: expect.stringContaining('there is nothing yet') });
  const reproduction = ['--seed', '1', '--concurrency', '9', '--faults', 'none', '--bug', 'lost-cancel'];
  const reduction = 'ops=134,135,143;schedule=0,0,0,0,1,0,0,1;variant=20';
  const again = await told(
    row,
    ['run', '--target', 'memory', ...reproduction, '--reduction', reduction, '--log', '--no-explain'],
    { env: { DATABASE_URL: await database.create() } },
  );
  expect([0, 1], again.said).toContain(again.exitCode);
  row.reach('what 0.1.0 left is read or refused by name, and stays as it is');
}

row(
  {
    row: 38,
    fault:
      'an older and a newer version at one database, before, while and after it is migrated; what 0.1.0 left',
    target: 'works, or refuses by the name of the migration',
    timeoutMs: 400_000,
  },
  async (row) => {
    const older = await olderVersion(row);
    const newer = await newerVersion(row);
    const databaseUrl = await database.create({ migrated: false });
    const sql = database.open(row, databaseUrl);
    const oldServer = await serve(row, databaseUrl, { program: older.program });
    await runner(row, oldServer.url, databaseUrl, { program: older.program });
    // On the schema of the older one.
    await runner(row, oldServer.url, databaseUrl);
    const applied = async () => (await sql`select name from simcity_migrations`).map(({ name }) => name);
    expect(await applied()).not.toContain(older.migration);

    const servers: [Serving, ...Serving[]] = [oldServer];
    await followedRun(row, sql, servers, async () => {
      servers.push(await serve(row, databaseUrl));
    });
    expect(await applied()).toContain(older.migration);
    await followedRun(row, sql, servers);
    row.reach('an older server and runner go on while this one migrates, and after it, with both runners');
    await expectRefused(row, databaseUrl, `does not know sql/${older.migration}`, { program: older.program });

    await followedRun(row, sql, servers, async () => {
      const report = await told(row, ['migrate'], {
        program: newer.program,
        env: { DATABASE_URL: databaseUrl },
      });
      expect(report).toMatchObject({ exitCode: 0, said: expect.stringContaining(newer.migration) });
    });
    await followedRun(row, sql, servers);
    expect((await sql`select from simcity_later`).length).toBeGreaterThan(0);
    row.reach('both go on while a newer one migrates, and after it');
    await expectRefused(row, databaseUrl, `does not know sql/${newer.migration}`);
    row.reach('what starts then is refused by the name of the migration');

    await sql`delete from simcity_migrations where name = ${older.migration}`;
    const notReady = await fetch(`${servers[1]?.url}/readyz`);
    expect([notReady.status, await notReady.text()]).toEqual([503, expect.stringContaining(older.migration)]);
    row.reach('/readyz names a migration that is missing under a server that runs');
    await leftBehind(row);
    row.say('two servers and two runners, one of each older by a migration; then a newer one migrates');
  },
);
