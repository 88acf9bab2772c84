/** A database that a development version made: each command refuses it, says what to do, and loses nothing. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../server/db/client.ts';
import { startEmbedded } from '../../server/db/embedded.ts';
import { migrate } from '../../server/db/migrate.ts';
import { simcity } from '../helpers/cli-process.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { silentLog, startTestPostgres } from '../helpers/postgres.ts';

const MADE_WITH = '20251215120000_simcity_base.sql';
const SAID = `made by a development version of SimCity, with another sql/${MADE_WITH}`;

/** As such a version leaves it: what was applied is written down, and there is a run. */
async function makeOld(databaseUrl: string): Promise<void> {
  const sql = connect(databaseUrl, { max: 1 });
  await migrate(sql, []);
  await sql`insert into simcity_migrations (name, checksum) values (${MADE_WITH}, 'of another file')`;
  await sql`create table simcity_runs as select 'kept' as scenario`;
  await sql.end();
}

async function expectKept(databaseUrl: string): Promise<void> {
  const sql = connect(databaseUrl, { max: 1 });
  expect([...(await sql`select name from simcity_migrations`)]).toEqual([{ name: MADE_WITH }]);
  expect([...(await sql`select scenario from simcity_runs`)]).toEqual([{ scenario: 'kept' }]);
  await sql.end();
}

const COMMANDS = [
  ['migrate'],
  ['up', '--port', '0'],
  ['serve', '--port', '0'],
  ['run', '--target', 'memory', '--log'],
  ['runs'],
];

describe('the embedded database of a development version', () => {
  let folder: TestFolder;
  let data: string;
  beforeAll(async () => {
    folder = await testFolder();
    data = `${folder.path}/data`;
    const database = await startEmbedded(data, silentLog);
    await makeOld(database.url);
    await database.stop();
  });
  afterAll(() => folder.remove());

  const simcityHere = (...args: string[]) => simcity([...args, '--data-dir', data], { cwd: folder.path });

  test.each(COMMANDS)('is refused by %s, with the folder to delete', async (...args) => {
    const { exitCode, stderr } = await simcityHere(...args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: expect.stringContaining(SAID) });
    expect(stderr).toContain(`--data-dir DIR, or delete ${data}/postgres if you do not need the runs in it`);
  });

  test('is told by doctor', async () => {
    const { exitCode, stdout } = await simcityHere('doctor', '--json');
    const { checks } = JSON.parse(stdout) as { checks: object[] };
    expect(exitCode).toBe(1);
    expect(checks).toContainEqual({
      name: 'migrations',
      state: 'fail',
      found: expect.stringContaining(SAID),
      advice: expect.stringContaining(`delete ${data}/postgres`),
    });
  });

  test('is left alone by doctor while another process uses it', async () => {
    const database = await startEmbedded(data, silentLog);
    const { exitCode, stdout } = await simcityHere('doctor', '--json');
    await database.stop();
    const { checks } = JSON.parse(stdout) as { checks: object[] };
    expect(exitCode).toBe(0);
    expect(checks).not.toContainEqual(expect.objectContaining({ name: 'migrations' }));
  });

  test('is as it was; without it there is a new one', async () => {
    const database = await startEmbedded(data, silentLog);
    await expectKept(database.url);
    await database.stop();
    rmSync(`${data}/postgres`, { recursive: true });
    expect(await simcityHere('migrate')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^applied/),
    });
    const { exitCode, stdout } = await simcityHere('doctor');
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/migrations: all \d+ are/),
    });
  });
});

test('a database of DATABASE_URL that a development version made is refused, and kept', async () => {
  const postgres = await startTestPostgres();
  const folder = await testFolder();
  const databaseUrl = await postgres.createDatabase({ migrated: false });
  await makeOld(databaseUrl);
  const options = { cwd: folder.path, env: { DATABASE_URL: databaseUrl } };
  for (const args of COMMANDS) {
    const { exitCode, stderr } = await simcity(args, options);
    expect([args, exitCode, stderr]).toEqual([args, 4, expect.stringContaining(SAID)]);
    expect(stderr).toContain('Name a new database in DATABASE_URL.');
  }
  const { exitCode, stdout } = await simcity(['doctor'], options);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: expect.stringContaining(SAID) });
  await expectKept(databaseUrl);
  await folder.remove();
  await postgres.close();
});
