/** What the runner's tests live in: a real PostgreSQL, a real server, and runner processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import {
  type Forensic,
  type LostAttempt,
  type Ready,
  type RunConfig,
  runConfigSchema,
} from '../../server/contract/index.ts';

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export interface StoredRun {
  id: string;
  status: string;
  runner: string | null;
  stop_reason: string | null;
  pass: boolean | null;
  fail_forensic: Forensic | null;
  lost_attempts: LostAttempt[];
  next_index: number;
}

export interface RunnerProcess {
  name: string;
  process: ChildProcess;
  stderr: () => string;
  /** The process ids of the harnesses that it has started, oldest first. */
  harnessPids: () => number[];
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
}

export class RunnerWorld {
  readonly sql: postgres.Sql;
  readonly databaseUrl: string;
  readonly #database: ChildProcess;
  readonly #folder: string;
  readonly serverUrl: string;
  #server: ChildProcess;
  readonly #runners: RunnerProcess[] = [];

  private constructor(
    database: ChildProcess,
    databaseUrl: string,
    server: ChildProcess,
    serverUrl: string,
    folder: string,
  ) {
    this.#database = database;
    this.#folder = folder;
    this.databaseUrl = databaseUrl;
    this.sql = postgres(databaseUrl, { max: 4, onnotice: () => undefined });
    this.#server = server;
    this.serverUrl = serverUrl;
  }

  static async create(): Promise<RunnerWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'simcity-runner-'));
    // Reachable for the user that PostgreSQL runs as, so that all of it lies, and goes, with the folder.
    await chmod(folder, 0o755);
    const database = startPart('database', ['--data-dir', folder]);
    const databaseUrl = (await readyLine(database, 'database')).url;
    const server = startServer(databaseUrl, 0);
    const serverUrl = (await readyLine(server, 'server')).url;
    return new RunnerWorld(database, databaseUrl, server, serverUrl, folder);
  }

  async destroy(): Promise<void> {
    await this.endRunners();
    await this.sql.end({ timeout: 1 });
    for (const part of [this.#server, this.#database]) {
      const ended = once(part, 'close');
      part.stdin?.end();
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Ends whatever a test left running; then no run is left either. */
  async endRunners(): Promise<void> {
    for (const runner of this.#runners) runner.process.kill('SIGKILL');
    await Promise.all(this.#runners.splice(0).map(({ ended }) => ended));
    await this.sql`select simcity_end_run(id, null, 'STOPPED', 'the test is over', null) from simcity_runs
      where status in ('QUEUED', 'RUNNING', 'STOPPING')`;
  }

  async startRunner(env: Record<string, string> = {}): Promise<RunnerProcess> {
    const child = startPart('runner', [], {
      DATABASE_URL: this.databaseUrl,
      SIMCITY_URL: this.serverUrl,
      SIMCITY_HARNESS: source('test/integration/runner-stub-harness.ts'),
      SIMCITY_LOG_LEVEL: 'info',
      ...env,
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = once(child, 'close').then(
      ([code, signal]) => (signal ?? code) as number | NodeJS.Signals | null,
    );
    const { name } = await readyLine(child, 'runner');
    const runner = { name, process: child, stderr: () => stderr, harnessPids: () => pidsIn(stderr), ended };
    this.#runners.push(runner);
    return runner;
  }

  async queue(
    config: Partial<RunConfig> = {},
    target = 'memory',
    assigned: string | null = null,
    seed = 7,
  ): Promise<string> {
    const id = randomUUID();
    const full = JSON.stringify(runConfigSchema.parse(config));
    await this.sql`
      insert into simcity_runs (id, scenario, target, seed, config, status, assigned_runner)
      values (${id}, 'bookings', ${target}, ${seed}, ${full}::text::jsonb, 'QUEUED', ${assigned})`;
    return id;
  }

  async run(id: string): Promise<StoredRun> {
    const [row] = await this.sql<StoredRun[]>`
      select id, status, pass, runner, stop_reason, fail_forensic, lost_attempts, next_index::int from simcity_runs where id = ${id}`;
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

  /** The process id of the run's first harness, which its start event tells. */
  async harnessPid(id: string): Promise<number> {
    await this.until(id, ({ next_index }) => next_index > 0);
    const [row] = await this.sql<{ pid: number }[]>`
      select (data->'versions'->>'pid')::int as pid from simcity_run_events where run_id = ${id} and idx = 0`;
    return row?.pid ?? 0;
  }

  /** Kills the server, and starts it again at the same address. */
  async crashServer(): Promise<void> {
    const ended = once(this.#server, 'close');
    this.#server.kill('SIGKILL');
    await ended;
    this.#server = startServer(this.databaseUrl, Number(new URL(this.serverUrl).port));
    await readyLine(this.#server, 'server');
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
}

/** Resolves once the runner has logged `text`. */
export async function untilSaid(runner: RunnerProcess, text: string): Promise<void> {
  while (!runner.stderr().includes(text)) await once(runner.process.stderr ?? runner.process, 'data');
}

/** Of the lines that a runner logs, whole ones alone. */
function pidsIn(log: string): number[] {
  const lines = log
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.includes('the harness is started'));
  return lines.map((line) => (JSON.parse(line) as { harnessPid: number }).harnessPid);
}

function startServer(databaseUrl: string, port: number): ChildProcess {
  const env = { DATABASE_URL: databaseUrl, SIMCITY_HOST: '127.0.0.1', SIMCITY_PORT: String(port) };
  return startPart('server', [], env);
}

/** Starts a part of SimCity as it is built; it ends with its stdin. */
function startPart(name: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [source(`dist/${name}.js`), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  // Always drained, so that a part that logs much never waits for its reader.
  child.stderr.resume();
  return child;
}

async function readyLine<Name extends Ready['ready']>(
  child: ChildProcess,
  name: Name,
): Promise<Extract<Ready, { ready: Name }>> {
  if (!child.stdout) throw new Error('the child has no stdout');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const ready = JSON.parse(String(line)) as Ready;
  if (ready.ready !== name) throw new Error(`the ${name} did not start: ${line}`);
  return ready as Extract<Ready, { ready: Name }>;
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
