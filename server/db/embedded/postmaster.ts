/** Runs PostgreSQL itself: starts it, knows when it is ready, restarts it when it dies, stops it. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Child } from '../../contract/child-process/child.ts';
import { StartupError } from '../../startup-error.ts';
import { hasNoRoom } from '../disk.ts';
import { assertDescriptors } from './descriptors.ts';
import type { Owner } from './owner.ts';
import { endStragglers } from './stragglers.ts';
import type { Watchdog } from './watchdog.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 10;
const STOP_STEP_MS = 5_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

// Quick to start and stop, durable, and reachable only from this machine by TCP.
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  fsync: 'on',
  synchronous_commit: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  checkpoint_timeout: '15min',
  jit: 'off',
  random_page_cost: '1.1',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  // What fails in a statement is told to whoever sent it; the city of a run fails on purpose.
  log_min_messages: 'log',
  log_line_prefix: '%m [%p] ',
  cluster_name: 'simcity',
};

/** For a clock that stands still most of the time, and for data that lasts for one run. */
const CLOCKED: Record<string, string> = {
  deadlock_timeout: '300ms',
  autovacuum: 'off',
  fsync: 'off',
  synchronous_commit: 'off',
};

/** A clock of SimCity's that PostgreSQL is to go by. */
export interface PostmasterClock {
  /** The library that is loaded before it. */
  preload: string;
  /** The file in which that library finds the time. */
  file: string;
}

export interface PostmasterOptions {
  /** Left out: the machine's. */
  clock?: PostmasterClock | undefined;
  binaries: string;
  folder: string;
  logFile: string;
  owner: Owner | null;
  watchdog: Watchdog;
}

export interface Postmaster {
  port: number;
  /** Resolves when it has ended, with what it ended with. */
  ended: Promise<string>;
  /** Fast shutdown; immediate after 5 s; by force after 5 s more. */
  stop(): Promise<void>;
}

/** Starts PostgreSQL on `port`, or on a free one, and resolves when it accepts connections. */
export async function startPostmaster(options: PostmasterOptions, port: number | null): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    const chosen = port ?? (await freePort());
    const started = await attemptStart(options, chosen);
    if (started !== null) return started;
    await endStragglers(options.folder);
    if (hasNoRoom(options.folder)) {
      throw new StartupError(
        'postgres_failed',
        `PostgreSQL does not start: the disk of ${options.folder} is full`,
        {
          hint: 'Make room on it, or name a directory on another disk with --data-dir DIR.',
        },
      );
    }
    assertDescriptors(lastLines(options.logFile));
    if (attempt === 5) {
      throw new StartupError(
        'postgres_failed',
        `PostgreSQL does not start on port ${chosen}: ${lastLines(options.logFile)}`,
        { hint: `Read ${options.logFile}, or set DATABASE_URL.` },
      );
    }
    await delay(100 * attempt);
  }
}

async function attemptStart(options: PostmasterOptions, port: number): Promise<Postmaster | null> {
  const child = spawnPostgres(options, port);
  const ended = child.exited.then(({ code, signal, spawnError }) => spawnError ?? signal ?? `code ${code}`);
  let running = true;
  void ended.then(() => {
    running = false;
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  while (running && performance.now() < deadline) {
    if (isReady(options.folder, child.pid)) return { port, ended, stop: () => stop(child) };
    await delay(POLL_MS);
  }
  if (running) await stop(child);
  return null;
}

/** Its program and arguments, by which one that runs already is known to be of the same making. */
export function commandLine(
  { binaries, folder, clock }: PostmasterOptions,
  port: number,
): [string, ...string[]] {
  const settings = { ...SETTINGS, ...(clock ? CLOCKED : {}), port: String(port) };
  const flags = Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]);
  return [join(binaries, 'bin', 'postgres'), '-D', folder, ...flags];
}

function spawnPostgres(options: PostmasterOptions, port: number): Child {
  const [program, ...args] = commandLine(options, port);
  const log = openLog(options.logFile);
  try {
    const child = new Child(program, args, {
      ...(options.owner ?? {}),
      cwd: '/',
      env: { ...process.env, ...clockEnvironment(options.clock), LC_ALL: 'C', LC_MESSAGES: 'C' },
      stdin: 'ignore',
      output: log,
    });
    options.watchdog.guard(child.pid ?? 0, 'INT');
    return child;
  } finally {
    closeSync(log);
  }
}

function clockEnvironment(clock: PostmasterClock | undefined): Record<string, string> {
  if (!clock) return {};
  return { LD_PRELOAD: clock.preload, SIMCITY_CLOCK: clock.file, SIMCITY_CLOCK_OF: 'database' };
}

function openLog(path: string): number {
  // Windows has no O_NOFOLLOW.
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0 } = constants;
  const log = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  if (fstatSync(log).size > LOG_LIMIT_BYTES) ftruncateSync(log);
  return log;
}

/** The postmaster writes its state to the eighth line of its pid file, in no language. */
export function isReady(folder: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

/** One that even SIGKILL does not end, because its disk hangs, is not waited for. */
async function stop(child: Child): Promise<void> {
  const ended = child.end(STOP_STEP_MS, ['SIGINT', 'SIGQUIT', 'SIGKILL']);
  await Promise.race([ended, delay(3 * STOP_STEP_MS, undefined, { ref: false })]);
}

/** A port of 127.0.0.1 that was free a moment ago. */
function freePort(): Promise<number> {
  return listenOnce(0);
}

/** True when nobody listened on the port of 127.0.0.1 a moment ago. */
export function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  );
}

/** Resolves to the port. @throws when it is taken. */
async function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(-4).join(' | ');
  } catch {
    return 'it wrote no log';
  }
}
