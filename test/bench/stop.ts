/** How long a stop takes: from the call, and from `simcity stop`, to the `end` that a watcher sees. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createApi } from '../../cli/client/api.ts';
import { followRun } from '../../cli/client/stream.ts';
import { RunnerWorld } from '../integration/runner-world.ts';
import { median } from './measure.ts';

const ROUNDS = 11;
/** Of a run before it is stopped. */
const RUNNING_MS = { least: 300, more: 500 } as const;
const CASES = [
  { target: 'memory', rate: 200 },
  { target: 'memory', rate: null },
  { target: 'postgres', rate: 200 },
  { target: 'postgres', rate: null },
] as const;

export async function bench(): Promise<void> {
  const world = await RunnerWorld.create();
  try {
    await world.startRunner({ SIMCITY_HARNESS: '', SIMCITY_LOG_LEVEL: 'warn' });
    for (const each of CASES) {
      const pace = each.rate === null ? 'at full speed' : `at ${each.rate} operations/s`;
      await report(`${each.target} ${pace}, by the API`, world, each, byApi);
    }
    await report('memory at 200 operations/s, by `simcity stop`', world, CASES[0], byCommand);
  } finally {
    await world.destroy();
  }
}

type Stop = (url: string, runId: string) => Promise<unknown>;

const byApi: Stop = (url, runId) => createApi({ url, token: undefined }).stop(runId);

const byCommand: Stop = async (url, runId) => {
  const args = ['cli/simcity.js', 'stop', runId, '--server', url];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: 'ignore' });
  await once(child, 'close');
};

async function report(
  name: string,
  world: RunnerWorld,
  run: (typeof CASES)[number],
  stop: Stop,
): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await stopOnce(world.serverUrl, run, stop));
  times.sort((a, b) => a - b);
  const ms = (value: number | undefined) => `${Math.round(value ?? 0)} ms`.padStart(8);
  const line = `${name.padEnd(52)} median ${ms(median(times))}  from ${ms(times[0])} to ${ms(times.at(-1))}`;
  process.stdout.write(`${line}\n`);
}

async function stopOnce(url: string, { target, rate }: (typeof CASES)[number], stop: Stop): Promise<number> {
  const connection = { url, token: undefined };
  const config = { operations: 100_000_000, rate };
  const run = await createApi(connection).launch({ target, config });
  let askedMs = 0;
  let asked: Promise<unknown> | null = null;
  for await (const item of followRun({ connection, runId: run.id, mode: 'live' })) {
    if (item.kind !== 'frame') continue;
    if (item.frame.frame === 'end') break;
    asked ??= item.frame.frame === 'event' ? ask() : null;
  }
  const tookMs = performance.now() - askedMs;
  await asked;
  return tookMs;

  async function ask(): Promise<void> {
    await delay(RUNNING_MS.least + Math.random() * RUNNING_MS.more);
    askedMs = performance.now();
    await stop(url, run.id);
  }
}
