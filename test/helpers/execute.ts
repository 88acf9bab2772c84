/** Executes runs in this process, with all they record kept in memory. */

import { createHash } from 'node:crypto';
import { execute, type StopSignal } from '../../runner/harness/execute.ts';
import { executeLive } from '../../runner/harness/live/execute-live.ts';
import type { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import {
  type EndReport,
  type Launch,
  launchSchema,
  type RunEvent,
  runConfigSchema,
  type Snapshot,
} from '../../server/contract/index.ts';

export const neverStopped: StopSignal = { requested: false, reason: null, onRequest: () => {} };

export interface Executed {
  events: readonly RunEvent[];
  snapshots: readonly Snapshot[];
  end: EndReport;
}

/** Executes one run with these settings; the rest are defaults. */
export async function executed(
  launch: Launch & { seed: number },
  targetUrl: string | null = null,
  cities?: CityKeeper,
): Promise<Executed> {
  const { scenario, target, config } = launchSchema.parse(launch);
  const sink = new MemorySink();
  const end = await execute({
    scenario,
    target,
    seed: launch.seed,
    config: runConfigSchema.parse(config),
    targetUrl,
    cities,
    sink,
    signal: neverStopped,
  });
  return { events: sink.events, snapshots: sink.snapshots, end };
}

/** The same against a service at a URL, which `exec` starts unless it runs already. A failure is not tried again. */
export async function executedLive(
  launch: Launch & { seed: number },
  exec: string | null = null,
): Promise<Executed> {
  const { scenario, target, config } = launchSchema.parse(launch);
  const sink = new MemorySink();
  const end = await executeLive({
    ...{ scenario, target, seed: launch.seed, config: runConfigSchema.parse(config) },
    ...{ exec, sink, signal: neverStopped, retries: 0 },
  });
  return { events: sink.events, snapshots: sink.snapshots, end };
}

/** The history without wall time: what a seed decides. */
export function decided(events: readonly RunEvent[]): string[] {
  return events.map(({ at: _, ...event }) => JSON.stringify(event));
}

/** The hash of what a seed decides. */
export function historyHash(events: readonly RunEvent[]): string {
  return createHash('sha256').update(decided(events).join('\n')).digest('hex');
}
