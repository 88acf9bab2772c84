/** What the runner's tests live in: a real PostgreSQL with the real SQL, a receiver over HTTP, runner processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { type Forensic, type Ready, type RunConfig, runConfigSchema } from '../../server/contract/index.ts';
import { migrate, readMigrations } from '../../server/db/migrate.ts';

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export interface StoredRun {
  id: string;
  status: string;
  runner: string | null;
  stop_reason: string | null;
  fail_forensic: Forensic | null;
  next_index: number;
}

export interface RunnerProcess {
  name: string;
  process: ChildProcess;
  stderr: () => string;
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
}

interface Batch {
  events: unknown;
  snapshots: unknown;
  live?: unknown;
  end?: unknown;
}

export class RunnerWorld {
  readonly sql: postgres.Sql;
  readonly databaseUrl: string;
  readonly #database: ChildProcess;
  readonly #folder: string;
  readonly #server: Server;
  readonly #runners: RunnerProcess[] = [];
  serverUrl = '';

  private constructor(database: ChildProcess, databaseUrl: string, folder: string) {
    this.#database = database;
    this.#folder = folder;
    this.databaseUrl = databaseUrl;
    this.sql = postgres(databaseUrl, { max: 4, onnotice: () => undefined });
    this.#server = createServer((request, response) => {
      void (async () => {
        let text = '';
        for await (const chunk of request.setEncoding('utf8')) text += chunk;
        const answer = await this.#ingest(
          request.url ?? '',
          request.headers.authorization ?? '',
          JSON.parse(text),
        );
        response.writeHead(answer.status).end(JSON.stringify(answer.body));
      })().catch(() => response.writeHead(503).end('{}'));
    });
  }

  static async create(): Promise<RunnerWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'simcity-runner-'));
    const database = spawn(process.execPath, [source('server/db/embedded-main.ts'), '--data-dir', folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ready = await readyLine(database);
    if (ready.ready !== 'database') throw new Error(`no database: ${JSON.stringify(ready)}`);
    const world = new RunnerWorld(database, ready.url, folder);
    await migrate(world.sql as never, await readMigrations(source('sql')));
    await new Promise<void>((resolve) => world.#server.listen(0, '127.0.0.1', resolve));
    world.serverUrl = `http://127.0.0.1:${(world.#server.address() as AddressInfo).port}`;
    return world;
  }

  async destroy(): Promise<void> {
    await this.endRunners();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.sql.end({ timeout: 1 });
    const ended = once(this.#database, 'close');
    this.#database.stdin?.end();
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Ends whatever a test left running; then no run is left either. */
  async endRunners(): Promise<void> {
    for (const runner of this.#runners) runner.process.kill('SIGKILL');
    await Promise.all(this.#runners.splice(0).map(({ ended }) => ended));
    await this
      .sql`select simcity_end_run(id, null, 'STOPPED', 'the test is over', null) from simcity_runs where pass is null`;
  }

  async startRunner(env: Record<string, string> = {}): Promise<RunnerProcess> {
    const child = spawn(process.execPath, [source('runner/main.ts')], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        DATABASE_URL: this.databaseUrl,
        SIMCITY_URL: this.serverUrl,
        SIMCITY_HARNESS: source('test/integration/runner-stub-harness.ts'),
        SIMCITY_LOG_LEVEL: 'info',
        ...env,
      },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = once(child, 'close').then(
      ([code, signal]) => (signal ?? code) as number | NodeJS.Signals | null,
    );
    const ready = await readyLine(child);
    if (ready.ready !== 'runner') throw new Error(`no runner: ${JSON.stringify(ready)} ${stderr}`);
    const runner = { name: ready.name, process: child, stderr: () => stderr, ended };
    this.#runners.push(runner);
    return runner;
  }

  async queue(config: Partial<RunConfig> = {}, more: { assignedRunner?: string } = {}): Promise<string> {
    const id = randomUUID();
    const full = JSON.stringify(runConfigSchema.parse(config));
    await this.sql`
      insert into simcity_runs (id, scenario, target, seed, config, status, assigned_runner)
      values (${id}, 'bookings', 'memory', 7, ${full}::text::jsonb, 'QUEUED', ${more.assignedRunner ?? null})`;
    return id;
  }

  async run(id: string): Promise<StoredRun> {
    const [row] = await this.sql<StoredRun[]>`
      select id, status, runner, stop_reason, fail_forensic, next_index::int from simcity_runs where id = ${id}`;
    if (!row) throw new Error(`no run ${id}`);
    return row;
  }

  /** Waits until `condition` holds for the run, woken by the database's own notifications. */
  async until(id: string, condition: (run: StoredRun) => boolean): Promise<StoredRun> {
    let wake: () => void = () => undefined;
    const { unlisten } = await this.sql.listen('simcity_run', () => wake());
    try {
      for (;;) {
        // A notification may be lost with its connection; then the timer wakes.
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 1_000);
        });
        const run = await this.run(id);
        if (condition(run)) return run;
        await woken;
      }
    } finally {
      await unlisten();
    }
  }

  untilEnded(id: string): Promise<StoredRun> {
    return this.until(id, ({ status }) => status === 'PASS' || status === 'FAIL' || status === 'STOPPED');
  }

  /** The process id of the run's harness, which its start event tells. */
  async harnessPid(id: string): Promise<number> {
    await this.until(id, ({ next_index }) => next_index > 0);
    const [row] = await this.sql<{ pid: number }[]>`
      select (data->>'pid')::int as pid from simcity_run_events where run_id = ${id} and idx = 0`;
    return row?.pid ?? 0;
  }

  /** Kills PostgreSQL's first process, and waits until its guardian has brought it back. */
  async crashDatabase(): Promise<void> {
    const [row] = await this.sql<{ folder: string }[]>`select current_setting('data_directory') as folder`;
    const postmaster = Number(
      (await readFile(join(row?.folder ?? '', 'postmaster.pid'), 'utf8')).split('\n')[0],
    );
    process.kill(postmaster, 'SIGKILL');
    await untilGone(postmaster);
    let answers = false;
    while (!answers) {
      answers = await this.sql`select 1`.then(
        () => true,
        () => new Promise<false>((resolve) => setTimeout(resolve, 50, false)),
      );
    }
  }

  async #ingest(
    path: string,
    authorization: string,
    batch: Batch,
  ): Promise<{ status: number; body: unknown }> {
    const id = path.split('/').at(-2) ?? '';
    const hash = createHash('sha256').update(authorization.replace('Bearer ', '')).digest();
    const text = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
    try {
      const [row] = await this.sql`
        select next_index::int as next, stop_requested, stop_reason from simcity_ingest(${id}, ${hash},
          ${text(batch.events)}::text::json, ${text(batch.snapshots)}::text::json,
          ${text(batch.live)}::text::json, ${text(batch.end)}::text::json)`;
      const stop = row?.['stop_requested'] ? { reason: row['stop_reason'] } : null;
      return { status: 200, body: { next: row?.['next'], stop } };
    } catch (error) {
      if (!(error instanceof postgres.PostgresError)) throw error;
      const code =
        error.code === 'SC001' ? 'lease_lost' : error.code === 'SC002' ? 'sequence_gap' : 'internal';
      return { status: code === 'internal' ? 500 : 409, body: { error: { code, message: error.message } } };
    }
  }
}

async function readyLine(child: ChildProcess): Promise<Ready> {
  if (!child.stdout) throw new Error('the child has no stdout');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return JSON.parse(String(line)) as Ready;
}

/** True while the process runs; one that has ended and waits to be collected does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && !/\) [ZX] /.test(stat);
}

/** Resolves once the process has ended; it is no child of this one, so there is no event to wait for. */
export async function untilGone(pid: number): Promise<void> {
  while (await isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}
