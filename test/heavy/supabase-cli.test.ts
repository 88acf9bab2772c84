/** The Supabase CLI applies sql/ as it is, to a database with the roles of a project, and once. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate, readMigrations } from '../../server/db/migrate.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { machineEnvironment } from '../helpers/machine-environment.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { schemaOf } from '../helpers/schema.ts';
import { createProject } from '../helpers/supabase-project.ts';

const FIXTURE = resolve('test/fixtures/supabase-cli');
const CLI = join(FIXTURE, 'node_modules/.bin/supabase');
const INSTALL_LIMIT_MS = 240_000;

/** Why there is no CLI here; null: it is there. */
function whyNot(): string | null {
  if (existsSync(CLI)) return null;
  const { status, stderr, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: FIXTURE,
    env: machineEnvironment(),
    encoding: 'utf8',
    timeout: INSTALL_LIMIT_MS,
  });
  return status === 0
    ? null
    : `npm ci failed in ${FIXTURE}: ${error?.message ?? stderr.trim().split('\n')[0]}`;
}

const missing = whyNot();
if (missing !== null) process.stdout.write(`The Supabase CLI is not tested: ${missing}\n`);

let postgres: TestPostgres;
let folder: TestFolder;
beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await testFolder();
});
afterAll(async () => {
  await postgres.close();
  await folder.remove();
});

it.skipIf(missing !== null)('pushes each migration once, and makes what simcity migrate makes', async () => {
  const migrations = await readMigrations();
  const names = migrations.map(({ name }) => name);
  const plain = postgres.open(await postgres.createDatabase({ migrated: false }));
  await migrate(plain, migrations);

  const url = await createProject(postgres);
  // As sql/README.md says it.
  mkdirSync(join(folder.path, 'supabase'));
  symlinkSync(resolve('sql'), join(folder.path, 'supabase/migrations'));
  const push = async () => {
    // The embedded PostgreSQL speaks no TLS.
    const args = ['db', 'push', '--yes', '--db-url', `${url}?sslmode=disable`];
    const env = {
      ...machineEnvironment(),
      HOME: folder.path,
      DO_NOT_TRACK: '1',
      SUPABASE_TELEMETRY_DISABLED: '1',
    };
    const { stdout, stderr } = await promisify(execFile)(CLI, args, { cwd: folder.path, env });
    return `${stdout}\n${stderr}`;
  };
  const first = await push();
  for (const name of names) expect(first).toContain(`Applying migration ${name}...`);
  const second = await push();
  expect(second).toContain('up to date');
  expect(second).not.toContain('Applying');

  const project = postgres.open(url);
  const versions = await project<{ version: string }[]>`
    select version from supabase_migrations.schema_migrations order by version`;
  expect(versions.map(({ version }) => version)).toEqual(names.map((name) => name.slice(0, 14)));
  const ours = (line: string) => !line.includes('simcity_migrations');
  expect(await schemaOf(project)).toEqual((await schemaOf(plain)).filter(ours));
});
