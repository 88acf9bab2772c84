/** Starts the services of test/fixtures/stranger-services as processes of their own, and executes runs against them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { executeLive } from '../../runner/harness/live/execute-live.ts';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { type EndReport, runConfigSchema } from '../../server/contract/index.ts';
import type { StrangerService } from '../fixtures/stranger-services/index.ts';
import { neverStopped } from './execute.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/stranger-services/', import.meta.url));

/** Whether this machine has python3. */
export const hasPython = spawnSync('python3', ['--version']).status === 0;

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
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
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const stop = async () => {
    await ended(child);
    rmSync(folder, { recursive: true });
  };
  try {
    const port = await portOf(child);
    return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
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
