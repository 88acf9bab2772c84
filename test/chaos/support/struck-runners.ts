/** Runners that die or stall right after a statement of theirs, while another goes on with their runs. */
import { expect } from 'vitest';
import type { Sql } from '../../../server/db/client.ts';
import { assertInvariants } from './invariants.ts';
import { type Command, runner, type Serving, startSimcity } from './parts.ts';
import { signal } from './processes.ts';
import type { Row } from './row.ts';
import { launchRun } from './runs.ts';
import { Strike } from './strike.ts';
import { allEnded, type Subscriber, subscribe } from './subscriber.ts';
import { TelemetryProxy } from './telemetry-proxy.ts';
import { until } from './until.ts';

export const FATES = ['dies', 'stalls'] as const;
export type Fate = (typeof FATES)[number];

interface Point {
  after: string;
  /** The statement; the first message of it prepares it, the second executes it. */
  from: RegExp;
  message: 1 | 2;
  /** Its harness is killed, so that the runner has to say what became of the run. */
  ends: boolean;
  /** What this attempt at the run has come to. */
  lost: 0 | 1;
}

const POINTS: readonly Point[] = [
  { after: 'it asked for a run', from: /from simcity_claim_run/, message: 1, ends: false, lost: 0 },
  { after: 'its claim', from: /from simcity_claim_run/, message: 2, ends: false, lost: 1 },
  { after: 'a renewal', from: /simcity_renew_lease/, message: 2, ends: false, lost: 1 },
  { after: 'it read what was stored last', from: /from simcity_run_events/, message: 2, ends: true, lost: 1 },
  { after: 'it said what became of the run', from: /simcity_lose_run/, message: 2, ends: true, lost: 1 },
];

const ANOTHER = 'another';
const LEASE_SECONDS = 3;
/** Under way for longer than a lease and the looks for those that ran out. */
const RUN = { operations: 150, rate: 25 };
/** Under way yet when its harness is killed, however late that is noticed. */
const RUN_THAT_ENDS = { operations: 150, rate: 8 };

export interface Around {
  databaseUrl: string;
  databasePort: number;
  sql: Sql;
  server: Serving;
}

/** Each run passes in the end, and everybody sees it once. Answers the number of points, each of both fates. */
export async function strikeRunners(row: Row, around: Around): Promise<number> {
  const proxy = await TelemetryProxy.start(around.server.url);
  row.defer(() => proxy.close());
  const env = { SIMCITY_LEASE_SECONDS: String(LEASE_SECONDS) };
  const args = ['--name', ANOTHER, '--parallel', String(POINTS.length)];
  const another = await runner(row, proxy.url, around.databaseUrl, { args, env });
  for (const fate of FATES) {
    // Told to end, a runner stops its runs: none is before all of them have ended.
    const struck = await Promise.all(
      POINTS.map((point) => strikeOne(row, { ...around, proxy, env }, point, fate)),
    );
    await Promise.all(struck.map((command) => command.stop()));
  }
  await another.stop();
  return POINTS.length;
}

type Inside = Around & { proxy: TelemetryProxy; env: Record<string, string> };

async function strikeOne(row: Row, inside: Inside, point: Point, fate: Fate): Promise<Command> {
  const { sql, server, proxy, env } = inside;
  const name = `${fate} after ${point.after}`;
  const link = await Strike.start(row, inside.databasePort, point.from);
  const { id } = await launchRun(server.url, point.ends ? RUN_THAT_ENDS : RUN, { runner: name });
  const [subscriber] = subscribe(1, server.url, id) as [Subscriber];
  let pid = 0;
  link.arm(point.message, async () => {
    const [found] = command.partPids('runner');
    if (found === undefined) throw new Error(`${name}: there is no such process`);
    pid = found;
    signal(pid, fate === 'dies' ? 'SIGKILL' : 'SIGSTOP');
    if (fate === 'stalls') row.defer(() => signal(found, 'SIGCONT'));
    // What has arrived is not done yet: the run must not be another's before this one has claimed it.
    if (point.lost === 1 && !point.ends) {
      await until(`${name}: the run is its own`, 10_000, async () => {
        const [run] = await sql`select from simcity_runs where id = ${id} and runner = ${name}`;
        return run !== undefined;
      });
    }
    await sql`update simcity_runs set assigned_runner = ${ANOTHER} where id = ${id}`;
  });
  const command = await startSimcity(row, ['runner', '--server', proxy.url, '--name', name], {
    env: { DATABASE_URL: link.inFrontOf(inside.databaseUrl), ...env },
  });
  if (point.ends) {
    await until(`${name}: the run is under way`, 60_000, () => subscriber.next > 5);
    const harnesses = command.partPids('harness');
    expect(harnesses, `${name}: its harness`).toHaveLength(1);
    for (const harness of harnesses) signal(harness, 'SIGKILL');
  }
  await until(`${name}: it is struck`, 60_000, () => pid !== 0);
  if (fate === 'stalls') {
    await until(`${name}: another has the run`, 60_000, async () => {
      const [run] = await sql`select from simcity_runs where id = ${id} and runner <> ${name}`;
      return run !== undefined;
    });
    signal(pid, 'SIGCONT');
  }
  await allEnded([subscriber], 60_000);
  const acknowledged = proxy.acknowledged.get(id) ?? new Map();
  expect(acknowledged.size, `${name}: acknowledged events`).toBeGreaterThan(0);
  await assertInvariants(row, { sql, runId: id, subscribers: [subscriber], acknowledged });
  const [run] = await sql<{ status: string; attempts: number; lost: number }[]>`
    select status, attempts, jsonb_array_length(lost_attempts) as lost from simcity_runs where id = ${id}`;
  expect(run, name).toEqual({ status: 'PASS', attempts: point.lost + 1, lost: point.lost });
  return command;
}
