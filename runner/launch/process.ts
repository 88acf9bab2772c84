/** A harness as a process of its own: started without a shell, in its own group, its output always drained. */
import { Child } from '../../server/contract/child-process/child.ts';
import type { HarnessOrder } from '../../server/contract/index.ts';
import type { Alive, HarnessChild } from './harness-child.ts';
import { HarnessOutput } from './harness-output.ts';

/** Settings of the runner that a harness has no business with: it gets its secrets by stdin alone. */
const WITHHELD = [
  'DATABASE_URL',
  'SIMCITY_TARGET_URL',
  'SIMCITY_TOKEN',
  'SIMCITY_TOKENS',
  'SIMCITY_SERVER_PASSWORD',
  'SIMCITY_RUNNER_PASSWORD',
  'SIMCITY_CITY_PASSWORD',
  'SIMCITY_HOST_TOKEN',
  'SIMCITY_TARGET_CREDENTIALS',
  'SUPABASE_SERVICE_ROLE_KEY',
  'SIMCITY_EXEC',
  'SIMCITY_GATE',
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
  const child = new Child(process.execPath, [script], { group: 'swept', env });
  const output = new HarnessOutput(onAlive);
  child.stderr.on('data', (chunk: Buffer) => output.stderr(chunk));
  child.stdout.on('data', (chunk: Buffer) => output.stdout(chunk));
  child.stdout.on('end', () => output.stdoutEnded());
  child.say(JSON.stringify(order));
  return {
    pid: child.pid,
    startLimitSeconds: START_LIMIT_SECONDS,
    done: child.exited.then((exit) => ({ ...exit, outOfMemory: false, ...output.kept() })),
    stop: (reason) => child.say(JSON.stringify({ stop: { reason } })),
    kill: (signal) => child.kill(signal),
  };
}
