/** What each kind of step does. None waits for another: what lasts goes on while further steps are taken. */
import { signal } from '../processes.ts';
import type { Fate } from '../telemetry-proxy.ts';
import { pass } from '../until.ts';
import type { Composition, Strike } from './composition.ts';
import type { Kind } from './schedule.ts';

export const strike: Strike = (composition, step) => STRIKES[step.kind](composition, step);

const STRIKES: Readonly<Record<Kind, Strike>> = {
  launch: (c, { on }) => c.launch('memory', on),
  'launch-postgres': (c, { on }) => c.launch('postgres', on),
  'launch-writer': (c, { on }) => c.launchWriter(on),
  stop: (c, { on }) => c.stop(on),
  prune: (c, { on }) => c.prune(1 + (on % 4)),
  'depose-writer': (c, { on }) => oneOf(c.writers, on)?.begin(),
  'kill-server': (c, { on }) => hit(serverPids(c), on, 'SIGKILL'),
  'end-server': (c, { on }) => hit(serverPids(c), on, 'SIGTERM'),
  'freeze-server': (c, { on, ms }) => freeze(serverPids(c), on, ms),
  'kill-runner': (c, { on }) => hit(runnerPids(c), on, 'SIGKILL'),
  'end-runner': (c, { on }) => endRunner(c, on),
  'freeze-runner': (c, { on, ms }) => freeze(runnerPids(c), on, ms),
  'kill-harness': (c, { on }) => hit(harnessPids(c), on, 'SIGKILL'),
  'freeze-harness': (c, { on, ms }) => freeze(harnessPids(c), on, ms),
  'terminate-backends': (c, { on }) => terminateBackends(c, on),
  'stop-postgres': (c, { ms }) => c.withoutPostgres((database) => database.stop(), ms),
  'kill-postgres': (c, { ms }) => c.withoutPostgres((database) => database.kill(), ms),
  'freeze-postgres': (c, { ms }) => freezePostgres(c, ms),
  'set-clock': ({ world }, { on }) => world.clock.set(oneOf(SHIFTS, on) ?? ''),
  'cut-database-links': (c, { on }) => oneOf(c.world.links, on)?.cutAll(),
  'half-open-database-links': (c, { on, ms }) => halfOpen(c, on, ms),
  'cut-streams': (c, { on }) => cutStreams(c, on),
  'lose-requests': (c, { on }) => decide(c, on, 'cut-before'),
  'lose-answers': (c, { on }) => decide(c, on, 'lose-answer'),
  'repeat-batches': (c, { on }) => decide(c, on, 'twice'),
  'stale-batches': (c, { on }) => decide(c, on, 'stale'),
};

/** Of the clock of the database. */
const SHIFTS = ['+45s', '-45s', '+1h', '-1h', '+0s'];

const serverPids = ({ world }: Composition) => world.servers.flatMap((each) => each.partPids('server'));
const runnerPids = ({ world }: Composition) => world.runners.flatMap((each) => each.partPids('runner'));
const harnessPids = ({ world }: Composition) => world.runners.flatMap((each) => each.partPids('harness'));

function oneOf<T>(list: readonly T[], on: number): T | undefined {
  return list[on % list.length];
}

function hit(pids: readonly number[], on: number, name: NodeJS.Signals): void {
  const pid = oneOf(pids, on);
  if (pid !== undefined) signal(pid, name);
}

function endRunner(composition: Composition, on: number): void {
  composition.runnerTold = true;
  hit(runnerPids(composition), on, 'SIGTERM');
}

async function freeze(pids: readonly number[], on: number, ms: number): Promise<void> {
  const pid = oneOf(pids, on);
  if (pid !== undefined) await frozen([pid], ms);
}

async function frozen(pids: readonly number[], ms: number): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP');
  try {
    await pass(ms);
  } finally {
    for (const pid of pids) signal(pid, 'SIGCONT');
  }
}

function freezePostgres(composition: Composition, ms: number): Promise<void> {
  return composition.alone(() => frozen(composition.world.database.processes(), ms));
}

/** Of servers, runners and cities; the test's own stay. */
async function terminateBackends({ world }: Composition, on: number): Promise<void> {
  const terminated = world.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where backend_type = 'client backend' and application_name <> 'chaos' and (${on % 2 === 0} or pid % 2 = 0)`;
  // While PostgreSQL is away there are none.
  await terminated.catch(() => undefined);
}

/** As a firewall that forgets them: silence first, and after that an end. */
async function halfOpen({ world }: Composition, on: number, ms: number): Promise<void> {
  const links = [...(oneOf(world.links, on)?.links ?? [])];
  for (const link of links) link.silent = true;
  await pass(ms);
  for (const link of links) link.cut();
}

function cutStreams({ runs }: Composition, on: number): void {
  for (const subscriber of oneOf(runs, on)?.subscribers ?? []) subscriber.cut();
}

/** Of the next one to four batches at one of the servers. */
function decide({ fates }: Composition, on: number, fate: Fate): void {
  oneOf(fates, on)?.push(...Array<Fate>(1 + (Math.floor(on / 2) % 4)).fill(fate));
}
