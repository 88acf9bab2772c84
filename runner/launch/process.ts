/** A harness as a process of its own: started without a shell, in its own group, its output always drained. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { HarnessOrder } from '../../server/contract/index.ts';
import type { Alive, ChildExit, HarnessChild } from './harness-child.ts';
import { HarnessOutput } from './harness-output.ts';

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

/** Node and all of SimCity's code take a second or two on a busy machine. */
const START_LIMIT_SECONDS = 60;

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
  return {
    pid: child.pid,
    startLimitSeconds: START_LIMIT_SECONDS,
    done,
    stop: (reason) => say({ stop: { reason } }),
    kill,
  };
}

function outcome(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  onAlive: (alive: Alive) => void,
  sweep: () => void,
): Promise<ChildExit> {
  const output = new HarnessOutput(onAlive);
  child.stderr.on('data', (chunk: Buffer) => output.stderr(chunk));
  child.stdout.on('data', (chunk: Buffer) => output.stdout(chunk));
  child.stdout.on('end', () => output.stdoutEnded());
  return new Promise((resolve) => {
    let spawnError: string | null = null;
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      resolve({ code, signal, spawnError, outOfMemory: false, ...output.kept() });
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

/** A detached child leads a group with its own id. No such group: all of it has ended. */
function signalGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
