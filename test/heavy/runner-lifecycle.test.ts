/** The runner with real processes and a real database: every run ends once and rightly, and nothing is left running. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { CANARY_ENVIRONMENT, canariesIn } from '../helpers/canaries.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { isRunning, RunnerWorld, untilGone, untilSaid } from '../integration/runner-world.ts';

let world: RunnerWorld;

beforeAll(async () => {
  world = await RunnerWorld.create();
});

afterEach(() => world.endRunners());
afterAll(() => world?.destroy());

const endless = { operations: 1_000_000, rate: 200 };
/** Where the world decides the interleaving, so that no lost attempt is repeated. The made-up engine asks nothing of it. */
const SERVICE = 'http://127.0.0.1:9';

test('a queued run is claimed, executed and ended by its harness, which is gone then', async () => {
  await world.startRunner();
  const id = await world.queue({ operations: 50 });
  const run = await world.untilEnded(id);
  expect(run).toMatchObject({ status: 'PASS', fail_forensic: null, next_index: 52 });
  await untilGone(await world.harnessPid(id));
});

test('a runner that was started for one run takes no other', async () => {
  const other = await world.queue({ operations: 1 });
  const only = await world.queue({ operations: 1 });
  await world.startRunner({ SIMCITY_ONLY_RUN: only });
  await world.untilEnded(only);
  expect(await world.run(other)).toMatchObject({ status: 'QUEUED' });
});

test('a stop reaches the harness at once, and the run ends STOPPED with the reason', async () => {
  await world.startRunner();
  const id = await world.queue(endless);
  const pid = await world.harnessPid(id);
  const asked = performance.now();
  await world.sql`select simcity_request_stop(${id}, 'enough')`;
  expect(await world.untilEnded(id)).toMatchObject({ status: 'STOPPED', stop_reason: 'enough' });
  expect(performance.now() - asked).toBeLessThan(2_000);
  await untilGone(pid);
});

test('a harness that ignores the stop is killed after the grace, and the run ends STOPPED', async () => {
  await world.startRunner({ SIMCITY_STOP_GRACE_SECONDS: '0.4' });
  const id = await world.queue({ bug: 'ignore-stop' });
  const pid = await world.harnessPid(id);
  await world.sql`select simcity_request_stop(${id}, 'enough')`;
  expect(await world.untilEnded(id)).toMatchObject({ status: 'STOPPED', stop_reason: 'enough' });
  expect(await isRunning(pid)).toBe(false);
});

test('a harness whose loop is blocked is killed when a stop asks for it', async () => {
  await world.startRunner({ SIMCITY_STOP_GRACE_SECONDS: '0.4' });
  const id = await world.queue({ bug: 'block' });
  await world.harnessPid(id);
  await world.sql`select simcity_request_stop(${id}, null)`;
  expect(await world.untilEnded(id)).toMatchObject({ status: 'STOPPED' });
});

test('a harness that is killed says nothing of the service: STOPPED, with the signal and the command', async () => {
  await world.startRunner();
  const id = await world.queue(endless, SERVICE);
  process.kill(await world.harnessPid(id), 'SIGKILL');
  const ended = await world.untilEnded(id);
  const { fail_forensic: forensic } = ended;
  expect(ended).toMatchObject({ status: 'STOPPED', pass: null, stop_reason: 'harness-lost' });
  expect(forensic).toMatchObject({
    kind: 'harness-lost',
    message: 'The harness was ended by SIGKILL before it reported a verdict.',
    seed: 7,
    reproduce: `npx simcity run --target ${SERVICE} --seed 7 --operations 1000000`,
    process: { exitCode: null, signal: 'SIGKILL' },
  });
  expect(forensic?.lastEvents[0]).toMatchObject({ index: expect.any(Number), type: expect.any(String) });
});

test('a harness that is told to end by somebody else is lost as well', async () => {
  await world.startRunner();
  const id = await world.queue(endless, SERVICE);
  process.kill(await world.harnessPid(id), 'SIGTERM');
  expect(await world.untilEnded(id)).toMatchObject({
    status: 'STOPPED',
    stop_reason: 'harness-lost',
    fail_forensic: { kind: 'harness-lost', process: { exitCode: 71 } },
  });
});

test('a harness that exits early ends its run with the code and its last line', async () => {
  await world.startRunner();
  const id = await world.queue({ bug: 'exit-3' }, SERVICE);
  expect((await world.untilEnded(id)).fail_forensic).toMatchObject({
    kind: 'harness-crash',
    message: 'The harness exited with code 3 before it reported a verdict: about to leave',
    process: { exitCode: 3, signal: null, stderr: ['about to leave'] },
  });
});

test('an error of the engine is told with the run, without the credentials in it', async () => {
  await world.startRunner();
  const id = await world.queue({ bug: 'throw' }, SERVICE);
  const { status, stop_reason, fail_forensic: forensic } = await world.untilEnded(id);
  expect([status, stop_reason]).toEqual(['STOPPED', 'harness-crash']);
  expect(forensic?.message).toContain('The run broke off: the engine broke: postgres://***@db/x');
  expect(JSON.stringify(forensic)).not.toContain('hunter2');
});

test('a runner that is told to end stops its runs and leaves nothing', async () => {
  const runner = await world.startRunner();
  const id = await world.queue(endless);
  const pid = await world.harnessPid(id);
  runner.process.kill('SIGTERM');
  expect(await runner.ended).toBe(0);
  expect(await isRunning(pid)).toBe(false);
  expect(await world.run(id)).toMatchObject({
    status: 'STOPPED',
    stop_reason: 'the runner is shutting down',
  });
});

test('a runner whose parent is gone ends like one that is told to', async () => {
  const runner = await world.startRunner();
  const id = await world.queue(endless);
  await world.harnessPid(id);
  runner.process.stdin?.end();
  expect(await runner.ended).toBe(0);
  expect(await world.run(id)).toMatchObject({ status: 'STOPPED' });
});

test('a runner whose parent is gone waits only shortly for a harness that does not hear', async () => {
  const runner = await world.startRunner();
  const id = await world.queue({ bug: 'ignore-stop' });
  const pid = await world.harnessPid(id);
  const closed = performance.now();
  runner.process.stdin?.end();
  await runner.ended;
  expect(performance.now() - closed).toBeLessThan(5_000);
  await untilGone(pid);
});

test('a run at a service whose runner was killed ends STOPPED, harness-lost', async () => {
  const lost = await world.startRunner({ SIMCITY_LEASE_SECONDS: '2' });
  const id = await world.queue(endless, SERVICE);
  await world.harnessPid(id);
  lost.process.kill('SIGKILL');
  await lost.ended;
  expect(await world.untilEnded(id)).toMatchObject({
    status: 'STOPPED',
    pass: null,
    stop_reason: 'harness-lost',
    runner: lost.name,
    fail_forensic: { kind: 'harness-lost' },
  });
});

test('a run that was ended elsewhere is given up: its harness is killed', async () => {
  await world.startRunner({ SIMCITY_LEASE_SECONDS: '1' });
  const id = await world.queue({ bug: 'block' }, SERVICE);
  const pid = await world.harnessPid(id);
  await world.sql`update simcity_runs set fence = fence + 1 where id = ${id}`;
  await untilGone(pid);
  await world.untilEnded(id);
});

test('the runner outlives an outage of the database that is shorter than the lease', async () => {
  await world.startRunner();
  const id = await world.queue(endless);
  await world.harnessPid(id);
  await world.sql`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'simcity runner%'`;
  await world.sql`select simcity_request_stop(${id}, 'after the outage')`;
  expect(await world.untilEnded(id)).toMatchObject({ status: 'STOPPED', stop_reason: 'after the outage' });
  const next = await world.queue({ operations: 1 });
  expect(await world.untilEnded(next)).toMatchObject({ status: 'PASS' });
});

test.for(['memory', 'postgres'])('the real engine runs in a harness of its own on %s', async (target) => {
  await world.startRunner({ SIMCITY_HARNESS: '' });
  const id = await world.queue({ operations: 300 }, target);
  expect(await world.untilEnded(id)).toMatchObject({ status: 'PASS', fail_forensic: null });
});

test('a run whose configuration cannot be read ends at once and says why', async () => {
  await world.startRunner();
  const id = await world.queue();
  await world.sql`
    insert into simcity_runs (id, scenario, target, seed, config, status)
    values (gen_random_uuid(), 'bookings', 'memory', 7, '{"operations": -1}', 'QUEUED')`;
  await world.untilEnded(id);
  const [row] = await world.sql`select id from simcity_runs where config->>'operations' = '-1'`;
  const { status, stop_reason, fail_forensic: forensic } = await world.untilEnded(String(row?.['id']));
  expect([status, stop_reason, forensic?.kind]).toEqual(['STOPPED', 'start-failed', 'start-failed']);
  expect(forensic?.message).toContain('cannot be executed by this version of SimCity: config.operations');
});

test.for(['leak', 'leak-and-crash'])(
  'of a run that meets secrets (%s) none is stored or logged',
  async (bug) => {
    const runner = await world.startRunner({ ...CANARY_ENVIRONMENT, SIMCITY_LOG_LEVEL: 'trace' });
    const id = await world.queue({ bug }, SERVICE);
    const { status, fail_forensic: forensic } = await world.untilEnded(id);
    const expected = bug === 'leak' ? ['FAIL', 'invariant'] : ['STOPPED', 'harness-crash'];
    expect([status, forensic?.kind]).toEqual(expected);
    expect(forensic?.message).toContain('***');
    runner.process.kill('SIGTERM');
    await runner.ended;
    const stored = await world.sql<{ text: string }[]>`
    select r::text as text from simcity_runs r union all select e::text from simcity_run_events e
    union all select l::text from simcity_run_live l union all select s::text from simcity_run_snapshots s`;
    expect(stored.length).toBeGreaterThan(20);
    expect(canariesIn(stored.map(({ text }) => text).join('\n'))).toEqual([]);
    expect(canariesIn(runner.stderr())).toEqual([]);
  },
);

test('a harness that prints a line without end costs the runner no memory', async () => {
  const runner = await world.startRunner();
  const residentKiB = async () => {
    const status = await readFile(`/proc/${runner.process.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
  };
  const before = await residentKiB();
  const id = await world.queue({ bug: 'never-ending-line' }, SERVICE);
  const { fail_forensic: forensic } = await world.untilEnded(id);
  expect(forensic?.process).toMatchObject({ exitCode: 3 });
  expect(Number(forensic?.process?.['droppedBytes'])).toBeGreaterThan(60 * 1024 * 1024);
  // Of the 64 MiB that were printed; the rest is what a collector leaves for later.
  expect((await residentKiB()) - before).toBeLessThan(48 * 1024);
});

test('what a harness started goes with it', async () => {
  await world.startRunner();
  const id = await world.queue({ bug: 'child' }, SERVICE);
  const pid = await world.harnessPid(id);
  await world.until(id, ({ next_index }) => next_index > 1);
  const [row] = await world.sql<{ child: number }[]>`
    select (data->>'child')::int as child from simcity_run_events where run_id = ${id} and idx = 1`;
  expect(await isRunning(row?.child ?? 0)).toBe(true);
  process.kill(pid, 'SIGKILL');
  expect((await world.untilEnded(id)).fail_forensic).toMatchObject({ kind: 'harness-lost' });
  await untilGone(row?.child ?? 0);
});

test('a runner claims by another connection when that of its claim falls silent', async () => {
  const link = await linkToDatabase();
  const id = await world.queue({ operations: 1 });
  let isSilenced = false;
  link.onRequest = (piece, one) => {
    if (isSilenced || !piece.includes('from simcity_claim_run')) return 'pass';
    isSilenced = true;
    one.silent = true;
    return 'drop';
  };
  await world.startRunner({ DATABASE_URL: link.inFrontOf(world.databaseUrl) });
  expect(await world.untilEnded(id)).toMatchObject({ status: 'PASS', lost_attempts: [] });
  expect(isSilenced).toBe(true);
});

test('a run whose claim is answered too late goes back, and is executed', async () => {
  const link = await linkToDatabase();
  const id = await world.queue({ operations: 1 });
  const given = Promise.withResolvers<'pass'>();
  link.onAnswer = (piece) => {
    if (!piece.includes(id)) return 'pass';
    link.onAnswer = () => 'pass';
    return given.promise;
  };
  const runner = await world.startRunner({ DATABASE_URL: link.inFrontOf(world.databaseUrl) });
  await untilSaid(runner, 'no run could be claimed');
  given.resolve('pass');
  expect(await world.untilEnded(id)).toMatchObject({ status: 'PASS', lost_attempts: [] });
});

async function linkToDatabase(): Promise<TcpProxy> {
  const link = await TcpProxy.start(Number(new URL(world.databaseUrl).port));
  onTestFinished(() => link.close());
  return link;
}
