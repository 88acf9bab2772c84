/** A harness as a process of its own: started without a shell, in its own group, its output always drained. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import type { HarnessOrder } from '../../server/contract/index.ts';
import { LineSplitter } from './line-splitter.ts';
import { OutputTail } from './output-tail.ts';

const aliveSchema = z.object({ alive: z.object({ taken: z.int(), waiting: z.boolean() }) });

/** A sign of life: how much telemetry the engine has produced, and whether it waits for the server. */
export type Alive = z.infer<typeof aliveSchema>['alive'];

export interface ChildExit {
  /** Null when a signal ended it, or when it could not be started. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why it could not be started; null when it was. */
  spawnError: string | null;
  stdout: string[];
  stderr: string[];
  droppedBytes: number;
}

export interface HarnessChild {
  readonly pid: number | undefined;
  /** Resolves once the process has ended and its output is read to the end. Never rejects. */
  readonly done: Promise<ChildExit>;
  /** Asks it to stop its run. */
  stop(reason: string | null): void;
  /** Sends a signal to it and to whatever it started. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

const TAIL_LINES = 40;
/** Settings of the runner that a harness has no business with: it gets its secrets by stdin alone. */
const WITHHELD = [
  'DATABASE_URL',
  'SIMCITY_TARGET_URL',
  'SIMCITY_TOKEN',
  'SIMCITY_TOKENS',
  'SIMCITY_HOST_TOKEN',
  'SIMCITY_TARGET_CREDENTIALS',
  'SUPABASE_SERVICE_ROLE_KEY',
  'SIMCITY_EXEC',
  'SIMCITY_TARGET_MODULE',
  'SIMCITY_SCENARIO_MODULE',
  'SIMCITY_ADAPTER_MODULE',
];

/** Starts `node <script>` with `order` as the first line of its stdin, which stays open. */
export function startHarness(
  script: string,
  order: HarnessOrder,
  onAlive: (alive: Alive) => void,
): HarnessChild {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !WITHHELD.includes(name)));
  const child = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env });
  const kill = (signal: 'SIGTERM' | 'SIGKILL') => signalGroup(child.pid, signal);
  const done = outcome(child, onAlive, () => kill('SIGKILL'));
  // A harness that ended before it read everything is no error of the runner's.
  child.stdin.on('error', () => undefined);
  const say = (line: unknown) => {
    if (child.stdin.writable) child.stdin.write(`${JSON.stringify(line)}\n`);
  };
  say(order);
  return { pid: child.pid, done, stop: (reason) => say({ stop: { reason } }), kill };
}

function outcome(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  onAlive: (alive: Alive) => void,
  sweep: () => void,
): Promise<ChildExit> {
  const stdout = new OutputTail();
  const stderr = new OutputTail();
  child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  const lines = new LineSplitter((line, whole) => {
    const alive = whole ? parseAlive(line) : null;
    if (alive) onAlive(alive);
    else stdout.add(Buffer.from(`${line}\n`));
  });
  child.stdout.on('data', (chunk: Buffer) => lines.add(chunk));
  child.stdout.on('end', () => lines.end());
  return new Promise((resolve) => {
    let spawnError: string | null = null;
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      const droppedBytes = stdout.droppedBytes + stderr.droppedBytes;
      const lines = { stdout: stdout.lastLines(TAIL_LINES), stderr: stderr.lastLines(TAIL_LINES) };
      resolve({ code, signal, spawnError, ...lines, droppedBytes });
    };
    child.once('error', (error) => {
      spawnError = error.message;
      if (child.pid === undefined) end(null, null);
    });
    // Whatever it started and left behind goes with it; until then its pipes, and so `close`, stay open.
    child.once('exit', sweep);
    child.once('close', end);
  });
}

function parseAlive(line: string): Alive | null {
  if (!line.startsWith('{"alive":')) return null;
  try {
    return aliveSchema.parse(JSON.parse(line)).alive;
  } catch {
    return null;
  }
}

/** A detached child leads a group with its own id. No such group: all of it has ended. */
function signalGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
