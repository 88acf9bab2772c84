/**
 * A cluster of PostgreSQL with a migrated database, made once and copied by each test file: initdb and the migrations
 * take longer than most tests.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../server/db/client.ts';
import { startEmbedded } from '../../server/db/embedded.ts';
import { migrate, readMigrations } from '../../server/db/migrate.ts';
import { createLog } from '../../server/process-edge.ts';
import { type TestFolder, temporaryFolder, testFolder } from './folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const CACHE = join(ROOT, 'node_modules/.cache/simcity');
const TEMPLATE = 'test_template';
/** What a data directory holds of its cluster. */
const PARTS = ['postgres', 'password'];

/** Named by all that it is made of: another user, release or migration has another. */
function folder(): string {
  const hash = createHash('sha256').update(String(process.getuid?.()));
  const migrations = readdirSync(join(ROOT, 'sql')).sort();
  const files = [
    'package-lock.json',
    'server/db/embedded/cluster.ts',
    ...migrations.map((name) => `sql/${name}`),
  ];
  for (const file of files) hash.update(readFileSync(join(ROOT, file)));
  return join(CACHE, `test-cluster-${hash.digest('hex').slice(0, 16)}`);
}

/** Makes it unless it is there. */
export async function makeGoldenCluster(): Promise<void> {
  const golden = folder();
  if (existsSync(golden)) return;
  const made = await temporaryFolder();
  const data = join(made, 'data');
  const database = await startEmbedded(data, createLog('test', { SIMCITY_LOG_LEVEL: 'silent' }));
  await makeTemplate(database.url);
  await database.stop();
  for (const old of existsSync(CACHE) ? readdirSync(CACHE) : []) {
    if (old.startsWith('test-cluster-')) rmSync(join(CACHE, old), { recursive: true, force: true });
  }
  // Another suite may be at the same; whoever is first has made it.
  const fresh = `${golden}.new-${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  if (existsSync(join(data, 'postgres'))) copy(data, fresh);
  if (!existsSync(golden)) renameSync(fresh, golden);
  rmSync(fresh, { recursive: true, force: true });
  rmSync(made, { recursive: true, force: true });
}

/** Lays a copy into `data`, a data directory that is empty. False where clusters are kept elsewhere. */
export function layGoldenCluster(data: string): boolean {
  const golden = folder();
  if (!existsSync(join(golden, 'postgres'))) return false;
  mkdirSync(data, { recursive: true, mode: 0o755 });
  copy(golden, data);
  return true;
}

/** A folder for a test in which PostgreSQL of the data directory `data` is made already, and only to be started. */
export async function folderWithCluster(data: string): Promise<TestFolder> {
  const folder = await testFolder();
  layGoldenCluster(join(folder.path, data));
  return folder;
}

/** What creates the databases of one cluster. */
export class Databases {
  #template: Promise<void> | null;

  /** `isLaid`: the cluster is a copy of the golden one; otherwise what is to be copied is made when it is first needed. */
  constructor(isLaid: boolean) {
    this.#template = isLaid ? Promise.resolve() : null;
  }

  /** A new one: empty, or as if it had been migrated just now. Answers its URL. */
  async create(databaseUrl: string, name: string, migrated: boolean): Promise<string> {
    if (migrated) {
      this.#template ??= makeTemplate(databaseUrl);
      await this.#template;
    }
    const superuser = connect(databaseUrl, { max: 1, name: 'test' });
    await superuser.unsafe(`create database ${name} template ${migrated ? TEMPLATE : 'template0'}`);
    await superuser.end();
    const url = Object.assign(new URL(databaseUrl), { pathname: `/${name}` }).href;
    if (!migrated) return url;
    // Nobody has missed a look for leases that ran out.
    const pool = connect(url, { max: 1, name: 'test' });
    await pool`update simcity_lease_watch set looked_at = clock_timestamp()`;
    await pool.end();
    return url;
  }
}

/** A database with the migrations applied, to be copied. */
async function makeTemplate(databaseUrl: string): Promise<void> {
  const superuser = connect(databaseUrl, { max: 1, name: 'test' });
  await superuser.unsafe(`create database ${TEMPLATE} template template0`);
  await superuser.end();
  const url = Object.assign(new URL(databaseUrl), { pathname: `/${TEMPLATE}` }).href;
  const pool = connect(url, { max: 1, name: 'test' });
  await migrate(pool, await readMigrations());
  await pool.end();
}

function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', ...PARTS.map((part) => join(from, part)), to]);
}
