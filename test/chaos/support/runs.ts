/** Launching runs and waiting for what becomes of them. */
import type { Launch, Run } from '../../../server/contract/index.ts';
import { API_BASE, isTerminal, runPageSchema, runSchema } from '../../../server/contract/index.ts';
import { call, launch } from '../../helpers/server.ts';
import { SEED } from './seed.ts';
import { until } from './until.ts';

/** Launches a run of `memory` with the suite's seed. */
export function launchRun(url: string, config: Launch['config'], more: Partial<Launch> = {}): Promise<Run> {
  return launch(url, { target: 'memory', seed: SEED, ...more, config: config ?? {} });
}

type Headers = Record<string, string>;

export async function findRun(url: string, runId: string, headers: Headers = {}): Promise<Run> {
  return runSchema.parse(await (await fetch(`${url}${API_BASE}/runs/${runId}`, { headers })).json());
}

export function untilRun(
  url: string,
  runId: string,
  what: string,
  withinMs: number,
  condition: (run: Run) => boolean,
  headers: Headers = {},
): Promise<Run> {
  return until(`run ${runId} ${what}`, withinMs, async () => {
    const run = await findRun(url, runId, headers);
    return condition(run) ? run : null;
  });
}

export function untilEnded(
  url: string,
  runId: string,
  withinMs: number,
  headers: Headers = {},
): Promise<Run> {
  return untilRun(url, runId, 'ends', withinMs, ({ status }) => isTerminal(status), headers);
}

/** The newest run that is `wanted`, once there is one. */
export function newestRun(url: string, wanted: (run: Run) => boolean): Promise<Run> {
  return until('a run is launched', 60_000, async () => {
    const { body } = await call(url, 'GET', `${API_BASE}/runs?limit=20`);
    return runPageSchema.parse(body).runs.find(wanted);
  });
}
