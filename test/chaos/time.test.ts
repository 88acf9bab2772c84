/** Rows 28, 29 and 30: the database's clock is set, everything sleeps, PostgreSQL is away: nobody loses a run by it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { apiPath, type Run } from '../../server/contract/index.ts';
import { connect, type Sql } from '../../server/db/client.ts';
import { call } from '../helpers/server.ts';
import { Clock, lacksClock } from './support/clock.ts';
import { ChaosDatabase } from './support/database.ts';
import { assertInvariants } from './support/invariants.ts';
import { type Command, runner, serve, startSimcity, up } from './support/parts.ts';
import { descendants, signal } from './support/processes.ts';
import { type Row, row, seconds } from './support/row.ts';
import { launchRun, newestRun, untilEnded } from './support/runs.ts';
import { FULL } from './support/seed.ts';
import { type Subscriber, subscribe } from './support/subscriber.ts';
import { pass, until } from './support/until.ts';

const RUNS = 4;
/** Of them a run gets through a few each second, so that it outlasts all that is done to it. */
const ENDLESS = { operations: 1_000_000, rate: 20 };

/** Runs that go on while things happen to what is around them. */
class Healthy {
  readonly url: string;
  readonly sql: Sql;
  readonly runs: readonly Run[];
  readonly subscribers: readonly Subscriber[];

  constructor(url: string, sql: Sql, runs: readonly Run[]) {
    this.url = url;
    this.sql = sql;
    this.runs = runs;
    this.subscribers = runs.flatMap(({ id }) => subscribe(1, url, id));
  }

  static async launch(url: string, sql: Sql): Promise<Healthy> {
    const runs: Run[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await launchRun(url, ENDLESS, { seed: i + 1 }));
    const healthy = new Healthy(url, sql, runs);
    await healthy.goOn(60_000);
    return healthy;
  }

  /** Resolves, with the time that it took, once each run got further. */
  async goOn(withinMs: number): Promise<number> {
    const begun = performance.now();
    const before = this.subscribers.map(({ next }) => next);
    await until('each run goes on', withinMs, () =>
      this.subscribers.every(({ next }, i) => next > (before[i] ?? 0)),
    );
    return performance.now() - begun;
  }

  /** Each is still at its first attempt, under the fence of its first claim. */
  async assertHeld(after: string): Promise<void> {
    const rows = await this.sql<{ status: string; fence: number; attempts: number; lost: unknown }[]>`
      select status, fence, attempts, lost_attempts as lost from simcity_runs order by created_at`;
    for (const run of rows)
      expect(run, after).toMatchObject({ status: 'RUNNING', fence: 1, attempts: 1, lost: [] });
    expect(rows.length).toBe(this.runs.length);
  }

  /** Stops them; what must hold after every fault does. Answers the number of events. */
  async stop(row: Row): Promise<number> {
    let events = 0;
    for (const [i, { id }] of this.runs.entries()) {
      expect((await call(this.url, 'POST', apiPath.stop(id))).status).toBe(202);
      expect((await untilEnded(this.url, id, 30_000)).status).toBe('STOPPED');
      const subscriber = this.subscribers[i] as Subscriber;
      await until('its stream ends', 30_000, () => subscriber.end !== null);
      events += await assertInvariants(row, { sql: this.sql, runId: id, subscribers: [subscriber] });
    }
    return events;
  }
}

/** Server and runner, at the default lease, over a database of the row's own. */
async function startHealthy(row: Row, database: ChaosDatabase) {
  const databaseUrl = await database.create();
  const server = await serve(row, databaseUrl);
  const hosting = await runner(row, server.url, databaseUrl, { args: ['--parallel', String(RUNS)] });
  return { server, hosting, healthy: await Healthy.launch(server.url, database.open(row, databaseUrl)) };
}

row(
  {
    row: 28,
    fault: 'the clock of the database is set by ±45 s, by ±1 h, and in 100 small steps',
    target: 'no healthy run ends or is executed again',
    concurrent: true,
    cannot: lacksClock,
  },
  async (row) => {
    const clock = new Clock(join(process.env['TMPDIR'] ?? '/tmp', `${row.tag}.clock`));
    let shift = 0;
    const set = (by: number) => {
      shift += by;
      clock.set(`${shift < 0 ? '' : '+'}${shift}s`);
    };
    const database = await ChaosDatabase.start(undefined, clock.environment);
    row.defer(() => database.close());
    const { healthy } = await startHealthy(row, database);
    const jumps = [45, -45, 3_600, -3_600, -45, 45];
    for (const by of jumps) {
      set(by);
      const [now] = await healthy.sql<{ now: Date }[]>`select clock_timestamp() as now`;
      expect(Math.abs((now?.now.getTime() ?? 0) - Date.now() - shift * 1_000)).toBeLessThan(5_000);
      // A look for lost runs comes each second.
      await pass(3_000);
      await healthy.goOn(30_000);
      await healthy.assertHeld(`after ${by} s`);
    }
    for (let step = 0; step < 100; step++) {
      set(step % 2 === 0 ? 2 : -1);
      await pass(100);
    }
    await healthy.goOn(30_000);
    await healthy.assertHeld('after the small steps');
    const events = await healthy.stop(row);
    row.say(
      `${RUNS} runs at the default lease; ${jumps.map((by) => `${by} s`).join(', ')}; 100 steps of +2 and −1 s`,
    );
    row.reach(`0 runs ended or executed again; ${events} events`);
  },
);

row(
  {
    row: 29,
    fault: 'everything, or a part of it, is frozen (SIGSTOP) and goes on',
    target: 'no false end; each run goes on ≤ 5 s after',
    concurrent: true,
    timeoutMs: FULL ? 900_000 : 240_000,
  },
  async (row) => {
    const whole = FULL ? [1, 40, 300] : [1, 40];
    const alone = FULL ? [10, 60, 300] : [14];
    let longestMs = 0;
    const database = await ChaosDatabase.start();
    row.defer(() => database.close());
    const frozen = async (healthy: Healthy, what: string, found: () => number[], forSeconds: number) => {
      const stopped = found();
      expect(stopped.length, what).toBeGreaterThan(0);
      for (const pid of stopped) signal(pid, 'SIGSTOP');
      await pass(forSeconds * 1_000);
      for (const pid of stopped) signal(pid, 'SIGCONT');
      longestMs = Math.max(longestMs, await healthy.goOn(60_000));
      // What was judged by a clock that ran on is judged by now.
      await pass(2_500);
      await healthy.assertHeld(`${what} frozen for ${forSeconds} s`);
    };
    const all = (command: Command) => [command.pid, ...descendants(command.pid).map(({ pid }) => pid)];
    const apart = async () => {
      const { server, hosting, healthy } = await startHealthy(row, database);
      for (const forSeconds of alone) {
        await frozen(healthy, 'the server', () => server.partPids('server'), forSeconds);
        await frozen(healthy, 'the database', () => database.processes(), forSeconds);
      }
      // A runner alone that sleeps for longer than its lease loses its runs, and should.
      await frozen(healthy, 'the runner', () => hosting.partPids('runner'), 14);
      for (const forSeconds of whole)
        await frozen(
          healthy,
          'all',
          () => [...all(server), ...all(hosting), ...database.processes()],
          forSeconds,
        );
      await healthy.stop(row);
    };
    const together = async (word: 'up' | 'run') => {
      const { command, healthy } = await hostedRun(row, word);
      for (const forSeconds of whole) await frozen(healthy, word, () => all(command), forSeconds);
      if (word === 'up') return void (await healthy.stop(row));
      // Its database goes with it.
      command.child.kill('SIGINT');
      expect(await command.ended, command.stderr).toBe(3);
      for (const { problems } of healthy.subscribers) expect(problems).toEqual([]);
    };
    await Promise.all([apart(), together('up'), together('run')]);
    row.say(
      `server and database alone for ${alone.join(', ')} s, the runner for 14 s; all of it, \`up\` and \`run\` for ${whole.join(', ')} s; default lease of 30 s`,
    );
    row.time('each run went on', longestMs, 5_000);
  },
);

row(
  {
    row: 30,
    fault: 'PostgreSQL is away for 1 to 29 s, at the default lease',
    target: 'no run lost; leases renewed ≤ 2 s after recovery',
    concurrent: true,
    timeoutMs: FULL ? 1_800_000 : 240_000,
  },
  async (row) => {
    const outages = FULL ? Array.from({ length: 20 }, (_, i) => 1 + ((i * 11) % 29)) : [1, 9, 28];
    const database = await ChaosDatabase.start();
    row.defer(() => database.close());
    const { healthy } = await startHealthy(row, database);
    let slowestMs = 0;
    for (const forSeconds of outages) {
      await database.stop();
      await pass(forSeconds * 1_000);
      await database.start();
      const [back] = await until('the database answers', 30_000, () =>
        healthy.sql<{ now: Date }[]>`select clock_timestamp() as now`.catch(() => null),
      );
      const recovered = performance.now();
      await until('every lease is renewed', 60_000, async () => {
        const rows = await healthy.sql`
          select 1 from simcity_runs
          where lease_expires_at - make_interval(secs => lease_seconds) <= ${back?.now as Date}`;
        return rows.length === 0;
      });
      slowestMs = Math.max(slowestMs, performance.now() - recovered);
      await healthy.goOn(30_000);
      await healthy.assertHeld(`after ${forSeconds} s without a database`);
    }
    const events = await healthy.stop(row);
    row.say(`${RUNS} runs; fast stops of ${outages.join(', ')} s; ${events} events`);
    row.reach(`0 lost; renewed ${seconds(slowestMs)} after recovery at most`);
  },
);

/** A run in `simcity run`, or in `simcity up`, which host a database of their own. */
async function hostedRun(row: Row, word: 'up' | 'run'): Promise<{ command: Command; healthy: Healthy }> {
  const { operations, rate } = ENDLESS;
  const limits = ['--operations', String(operations), '--rate', String(rate)];
  const command =
    word === 'up'
      ? await up(row, '', { env: { DATABASE_URL: undefined } })
      : await startSimcity(row, ['run', '--seed', '1', ...limits, '--target', 'memory', '--log']);
  const note = await until('it tells where it is', 60_000, () =>
    readFile(join(command.folder, 'data', 'server.json'), 'utf8').then(JSON.parse, () => null),
  );
  const { url, databaseUrl } = note as { url: string; databaseUrl: string };
  const run =
    word === 'up'
      ? await launchRun(url, ENDLESS)
      : await newestRun(url, ({ status }) => status === 'RUNNING');
  const sql = connect(databaseUrl, { max: 1, name: 'chaos' });
  row.defer(() => sql.end({ timeout: 1 }));
  const healthy = new Healthy(url, sql, [run]);
  await healthy.goOn(60_000);
  return { command, healthy };
}
