/**
 * Starts the services of test/fixtures/stranger-services as processes of their own, and executes runs against them.
 * The suites about them share what they need here.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, it, onTestFailed } from 'vitest';
import { executeLive } from '../../runner/harness/live/execute-live.ts';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { type EndReport, runConfigSchema } from '../../server/contract/index.ts';
import type { StrangerService } from '../fixtures/stranger-services/index.ts';
import { neverStopped } from './execute.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/stranger-services/', import.meta.url));

/** Whether this machine has python3. */
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Characters of stderr that are kept: the last ones. */
const MOST_STDERR = 20_000;

/** Seeds until a wrong service has to be found. */
const MOST_SEEDS = 3;

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** What it has written to stderr. */
  stderr(): string;
}

export interface StrangerSuite {
  /** A service of its own for a test; what it writes to stderr is shown when that test fails. */
  started(service: StrangerService, bug: string | null): Promise<Served>;
}

/** To be called once by a file of tests: gives the services what they need, while its tests last. */
export function strangerSuite(): StrangerSuite {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.close());
  afterEach(() => loadModules(undefined));
  return {
    async started(service, bug) {
      const database =
        service.needs === 'postgres' ? await postgres.createDatabase({ migrated: false }) : null;
      const server = await served(service, bug, database);
      onTestFailed(() => {
        if (server.stderr()) console.error(`${service.name} wrote to stderr:\n${server.stderr()}`);
      });
      return server;
    },
  };
}

/** A test about this service, skipped visibly where the machine lacks what it needs. */
export function itOfStranger(service: StrangerService, title: string, test: () => Promise<void>): void {
  const isMissing = service.needs === 'python' && !hasPython;
  it.skipIf(isMissing)(isMissing ? `${title} (skipped: this machine has no python3)` : title, test);
}

/** Where the adapter of a service is. */
export const adapterOf = ({ adapter }: StrangerService) => join(FOLDER, adapter);

/**
 * The service on a free port until it is disposed of, right (null) or with a bug. `pg` is the URL of a PostgreSQL for
 * those that need one. However the test ends, the service does too: it reads a stdin that the test holds.
 */
export async function served(
  { file, needs }: StrangerService,
  bug: string | null,
  pg: string | null = null,
): Promise<Served> {
  const node = needs === 'python' ? 'python3' : process.execPath;
  return await servedBy(node, join(FOLDER, file), {
    ...(bug ? { BUG: bug } : {}),
    ...(pg ? { PG: pg } : {}),
  });
}

/** Any service that says where it listens, as those do, with this in its environment. */
export async function servedBy(
  command: string,
  file: string,
  environment: Readonly<Record<string, string>>,
): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'simcity-stranger-'));
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: folder };
  const child = spawn(command, [file], {
    env: { ...env, PORT: '0', ENDS_WITH_STDIN: '1', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let written = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    written = (written + text).slice(-MOST_STDERR);
  });
  const stop = async () => {
    await ended(child);
    rmSync(folder, { recursive: true });
  };
  try {
    const port = await portOf(child);
    const url = `http://127.0.0.1:${port}`;
    return { url, pid: child.pid ?? 0, stderr: () => written, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw new Error(`${file} does not start:\n${written}`, { cause: error });
  }
}

/** Executes one run against a service that is served at `url`. */
export async function executedStranger(
  service: StrangerService,
  url: string,
  seed: number,
  config: object,
): Promise<{ end: EndReport; sink: MemorySink }> {
  await loadModules({ target: null, scenario: null, adapter: adapterOf(service) });
  const sink = new MemorySink();
  const end = await executeLive({
    ...{ scenario: 'bookings', target: url, seed, sink, signal: neverStopped, retries: 0 },
    config: runConfigSchema.parse(config),
  });
  return { end, sink };
}

/**
 * The first failure for the true reason, within the seeds that a wrong service is given. A race can show otherwise
 * too, where the answer of a rival was lost: that seed counts for nothing, and is told when there is none.
 */
export async function trueFailure(
  service: StrangerService,
  url: string,
  config: object,
): Promise<{ seed: number; forensic: NonNullable<EndReport['failForensic']> }> {
  const { invariants, operations } = service.expects;
  const others: string[] = [];
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const { end } = await executedStranger(service, url, seed, config);
    const forensic = end.failForensic;
    const operation = String(forensic?.operation?.['operation']);
    if (forensic && invariants.includes(forensic.invariant) && operations.includes(operation)) {
      return { seed, forensic };
    }
    others.push(forensic ? `${forensic.invariant} at a ${operation}: ${forensic.message}` : end.status);
  }
  throw new Error(
    `${service.bug} of ${service.name} was not found for its true reason:\n${others.join('\n')}`,
  );
}

/** The port that the service says it listens on. */
async function portOf(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error('The service has no stdout.');
  // The lines end when the process does, so that nothing is waited for in vain.
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^listening on (\d+)$/.exec(line)?.[1];
    if (port !== undefined) {
      child.stdout.resume();
      return Number(port);
    }
  }
  throw new Error('The service ended before it listened.');
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
