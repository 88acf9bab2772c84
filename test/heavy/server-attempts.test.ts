/** Attempts at a run: what is queued again, what ends, and how an attempt repeats what an earlier one stored. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiPath, type RunEvent, runSchema } from '../../server/contract/index.ts';
import type { Sql } from '../../server/db/client.ts';
import type { RunningServer } from '../../server/server.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { call, eventsFrom, launch, passed, startTestServer } from '../helpers/server.ts';
import { collect, cursors, readSse } from '../helpers/sse.ts';

let postgres: TestPostgres;
let server: RunningServer;
let sql: Sql;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  const databaseUrl = await postgres.createDatabase();
  sql = postgres.open(databaseUrl);
  server = await startTestServer(databaseUrl);
  return () => server.stop();
});

/** One attempt at a run, as runner and harness see it. */
class Attempt {
  readonly runId: string;
  readonly token = randomBytes(16).toString('hex');
  fence = 0;
  below = 0;
  constructor(runId: string) {
    this.runId = runId;
  }

  /** Claims the run; false: it cannot be had. */
  async claim(runner = 'runner', leaseSeconds = 60): Promise<boolean> {
    const hash = createHash('sha256').update(this.token).digest();
    const [row] = await sql<{ fence: number; repeat_below: number }[]>`
      select fence, repeat_below from simcity_claim_run(${runner}, ${leaseSeconds}, ${hash}, ${this.runId})`;
    this.fence = row?.fence ?? 0;
    this.below = row?.repeat_below ?? 0;
    return row !== undefined;
  }

  async post(batch: object): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${server.url}${apiPath.telemetry(this.runId)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify(batch),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async lose(kind = 'harness-lost', message = 'The harness was ended by SIGKILL.'): Promise<string | null> {
    const [row] = await sql<{ became: string | null }[]>`
      select simcity_lose_run(${this.runId}, ${this.fence},
        simcity_harness_forensic(${this.runId}, ${kind}, ${message})) as became`;
    return row?.became ?? null;
  }

  async handOver(): Promise<boolean> {
    const [row] = await sql<{ is: boolean }[]>`
      select simcity_requeue_run(${this.runId}, ${this.fence}, 'Its runner left: it is asked to end.', true) as is`;
    return row?.is === true;
  }

  async giveBack(): Promise<boolean> {
    const [row] = await sql<
      { is: boolean }[]
    >`select simcity_give_back_run(${this.runId}, ${this.fence}) as is`;
    return row?.is === true;
  }
}

async function queued(target = 'memory', more: object = {}): Promise<Attempt> {
  return new Attempt((await launch(server.url, { target, ...more })).id);
}

async function claimed(target = 'memory'): Promise<Attempt> {
  const attempt = await queued(target);
  expect(await attempt.claim()).toBe(true);
  return attempt;
}

/** The next attempt at a run that was lost. */
async function nextOf({ runId }: Attempt): Promise<Attempt> {
  const next = new Attempt(runId);
  expect(await next.claim()).toBe(true);
  return next;
}

const find = async ({ runId }: Attempt) =>
  runSchema.parse((await call(server.url, 'GET', apiPath.run(runId))).body);

/** The same events at another time of the day: what a second execution of a seed sends. */
const later = (events: RunEvent[]) =>
  events.map((event) => ({ ...event, at: new Date(Date.parse(event.at) + 3_600_000).toISOString() }));

const snapshotAt = (index: number, at: string, value = index) => ({ index, at, metrics: { value } });
const AT = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-01T01:00:00.000Z';

async function stored({ runId }: Attempt): Promise<{ idx: number; at: Date; type: string }[]> {
  return sql`select idx, at, type from simcity_run_events where run_id = ${runId} order by idx`;
}

describe('a lost attempt', () => {
  it('is queued again twice, with each loss told; the third ends the run STOPPED, without a verdict', async () => {
    const first = await claimed();
    await first.post({ events: eventsFrom(0, 5) });
    expect(await first.lose()).toBe('QUEUED');
    expect(await find(first)).toMatchObject({
      status: 'QUEUED',
      runner: null,
      pass: null,
      failForensic: null,
    });
    expect(await first.lose(), 'the fence has moved').toBeNull();
    expect((await first.post({ events: eventsFrom(5, 1) })).body).toMatchObject({
      error: { code: 'lease_lost' },
    });
    const second = await nextOf(first);
    expect(second.below).toBe(5);
    expect(await second.lose('harness-crash', 'It crashed.')).toBe('QUEUED');
    const third = new Attempt(first.runId);
    // After a second loss a run rests for a moment.
    expect(await third.claim()).toBe(false);
    await sql`update simcity_runs set requeued_at = requeued_at - interval '2 seconds' where id = ${first.runId}`;
    expect(await third.claim('another')).toBe(true);
    expect(await third.lose('out-of-memory', 'It was out of memory.')).toBe('STOPPED');
    const run = await find(first);
    expect(run).toMatchObject({
      status: 'STOPPED',
      pass: null,
      stopReason: 'out-of-memory',
      failForensic: { kind: 'out-of-memory', message: 'It was out of memory.' },
      lostAttempts: [
        { attempt: 1, runner: 'runner', eventIndex: 4, reason: 'The harness was ended by SIGKILL.' },
        { attempt: 2, runner: 'runner', eventIndex: 4, reason: 'It crashed.' },
        { attempt: 3, runner: 'another', eventIndex: 4, reason: 'It was out of memory.' },
      ],
    });
    const [end] = (await stored(first)).slice(5);
    expect(end).toMatchObject({ idx: 5, type: 'end' });
  });

  it('is counted apart from what runners hand over, of which a run bears any number', async () => {
    let attempt = await claimed();
    for (let handOver = 0; handOver < 5; handOver += 1) {
      expect(await attempt.handOver()).toBe(true);
      expect(await attempt.handOver(), 'the fence has moved').toBe(false);
      attempt = await nextOf(attempt);
    }
    for (const became of ['QUEUED', 'QUEUED', 'STOPPED']) {
      expect(await attempt.lose()).toBe(became);
      await sql`update simcity_runs set requeued_at = null where id = ${attempt.runId}`;
      if (became === 'QUEUED') attempt = await nextOf(attempt);
    }
    const { lostAttempts } = await find(attempt);
    expect(lostAttempts.map(({ handedOver }) => handedOver)).toEqual([
      ...Array(5).fill(true),
      ...Array(3).fill(undefined),
    ]);
  });

  it('is none where nothing of it was stored and its runner gives the run back', async () => {
    const first = await claimed('http://127.0.0.1:9');
    expect(await first.giveBack()).toBe(true);
    expect(await first.giveBack(), 'the fence has moved').toBe(false);
    expect(await find(first)).toMatchObject({ status: 'QUEUED', runner: null, lostAttempts: [] });
    const second = await nextOf(first);
    await second.post({ events: eventsFrom(0, 1) });
    expect(await second.giveBack(), 'it has begun').toBe(false);
    const [row] = await sql`select attempts from simcity_runs where id = ${first.runId}`;
    expect(row).toEqual({ attempts: 1 });
  });

  it('of a service at a URL is not repeated: the world decides its interleaving', async () => {
    const attempt = await claimed('http://127.0.0.1:9');
    expect(await attempt.lose()).toBe('STOPPED');
    expect(await find(attempt)).toMatchObject({
      status: 'STOPPED',
      stopReason: 'harness-lost',
      lostAttempts: [{ attempt: 1 }],
    });
  });

  it('of a run that was to be stopped is no loss', async () => {
    const attempt = await claimed();
    await attempt.post({ events: eventsFrom(0, 3) });
    await sql`select simcity_request_stop(${attempt.runId}, 'enough')`;
    expect(await attempt.lose()).toBe('STOPPED');
    expect(await find(attempt)).toMatchObject({
      status: 'STOPPED',
      stopReason: 'enough',
      failForensic: null,
      lostAttempts: [],
    });
  });

  it('is stopped between two attempts with all that was stored', async () => {
    const attempt = await claimed();
    await attempt.post({ events: eventsFrom(0, 3) });
    await attempt.lose();
    expect((await call(server.url, 'POST', apiPath.stop(attempt.runId), { reason: 'enough' })).status).toBe(
      202,
    );
    expect(await find(attempt)).toMatchObject({
      status: 'STOPPED',
      stopReason: 'enough',
      failForensic: null,
    });
    expect(await stored(attempt)).toMatchObject([{}, {}, {}, { idx: 3, type: 'end' }]);
  });

  it('goes on only at its own generation', async () => {
    const { runId } = await queued();
    const claim = (generation: number) =>
      sql`select id from simcity_claim_run('r', 60, ${Buffer.from('x')}, ${runId}, ${generation}, '1.0.0')`;
    expect(await claim(7)).toHaveLength(1);
    await sql`select simcity_lose_run(${runId}, 1, simcity_harness_forensic(${runId}, 'harness-lost', 'gone'))`;
    expect(await claim(8)).toHaveLength(0);
    expect(await claim(7)).toHaveLength(1);
    expect(await find(new Attempt(runId))).toMatchObject({ generation: 7, version: '1.0.0' });
  });
});

describe('the reaper', () => {
  const reap = async () => (await sql`select simcity_reap_lost() as id`).map(({ id }) => id);
  const expire = ({ runId }: Attempt) =>
    sql`update simcity_runs set lease_expires_at = clock_timestamp() - interval '1 second' where id = ${runId}`;
  /** Waits for the reaper, be it this one or the server's. */
  async function reaped(attempt: Attempt, status: string) {
    for (;;) {
      await reap();
      const run = await find(attempt);
      if (run.status === status) return run;
    }
  }

  it('queues a run whose runner is gone again, for any runner', async () => {
    const attempt = await queued('memory', { runner: 'mine' });
    await attempt.claim('mine');
    await expire(attempt);
    const run = await reaped(attempt, 'QUEUED');
    expect(run.lostAttempts).toMatchObject([
      { attempt: 1, runner: 'mine', eventIndex: -1, reason: expect.stringContaining('runner mine has not') },
    ]);
    expect(await new Attempt(attempt.runId).claim('another')).toBe(true);
  });

  it('ends a run of a module a minute after its runner was lost, unless that came back', async () => {
    const [waiting, gone] = await Promise.all(
      [1, 2].map(() => queued('module:./service.ts', { runner: 'mine' })),
    );
    for (const attempt of [waiting, gone] as Attempt[]) {
      await attempt.claim('mine');
      await expire(attempt);
      await reaped(attempt, 'QUEUED');
      expect(await new Attempt(attempt.runId).claim('another')).toBe(false);
    }
    await sql`update simcity_runs set requeued_at = requeued_at - interval '61 seconds' where id = ${gone!.runId}`;
    expect(await reaped(gone!, 'STOPPED')).toMatchObject({
      stopReason: 'harness-lost',
      failForensic: { kind: 'harness-lost', message: expect.stringContaining('runner mine, which alone') },
      lostAttempts: [{ attempt: 1 }],
    });
    expect(await new Attempt(waiting!.runId).claim('mine')).toBe(true);
  });

  it('ends a run that was to be stopped as that', async () => {
    const attempt = await claimed();
    await sql`select simcity_request_stop(${attempt.runId}, 'enough')`;
    await expire(attempt);
    expect(await reaped(attempt, 'STOPPED')).toMatchObject({ stopReason: 'enough', failForensic: null });
  });
});

describe('a repetition', () => {
  /** Ten events with a snapshot, then a loss, then the next attempt. */
  async function repeating(target = 'memory'): Promise<Attempt> {
    const first = await claimed(target);
    const batch = { events: eventsFrom(0, 20), snapshots: [snapshotAt(9, AT)] };
    expect((await first.post(batch)).body).toMatchObject({ next: 20 });
    await first.lose();
    return nextOf(first);
  }

  it('is compared and not stored again, and goes on where the lost attempt was; watchers see each event once', async () => {
    const first = await claimed();
    await first.post({ events: eventsFrom(0, 20), snapshots: [snapshotAt(9, AT)] });
    const watched = collect(await readSse(`${server.url}${apiPath.stream(first.runId)}?from=0`));
    await first.lose();
    const second = await nextOf(first);
    const events = later(eventsFrom(0, 31));
    const at = (from: number, to: number) => events.slice(from, to);
    expect((await second.post({ events: at(0, 8) })).body).toEqual({ next: 8, stop: null });
    expect((await second.post({ events: at(0, 8) })).body, 'a retry').toEqual({ next: 8, stop: null });
    expect((await second.post({ events: at(9, 12) })).body, 'a gap').toMatchObject({
      error: { code: 'sequence_gap', expected: 8 },
    });
    expect((await second.post({ events: at(20, 31) })).body, 'past the prefix').toMatchObject({
      error: { code: 'sequence_gap', expected: 8 },
    });
    const straddling = {
      events: at(5, 25),
      snapshots: [snapshotAt(9, LATER), snapshotAt(19, LATER)],
      live: { metrics: { value: 24 }, eventsPerSecond: 3 },
    };
    expect((await second.post(straddling)).body).toEqual({ next: 25, stop: null });
    expect((await second.post(straddling)).body, 'a retry').toEqual({ next: 25, stop: null });
    const end = [{ ...events[25]!, type: 'end' }];
    expect((await second.post({ events: end, end: passed })).body).toEqual({ next: 26, stop: null });
    expect(await find(first)).toMatchObject({ status: 'PASS', pass: true, lostAttempts: [{ attempt: 1 }] });
    const times = (await stored(first)).map((event) => event.at.toISOString());
    expect(times).toEqual([
      ...eventsFrom(0, 20).map((event) => event.at),
      ...events.slice(20, 26).map((event) => event.at),
    ]);
    const indexes = [...Array(26).keys()];
    expect(cursors(await watched)).toEqual(
      indexes.flatMap((index) => (index === 9 || index === 19 ? [`${index}`, `${index}s`] : [`${index}`])),
    );
    // From the first event of the first attempt to the end of the second.
    const run = await find(first);
    expect(run.startedAt).toBe(times[0]);
    expect(run.durationSecondsActual).toBeCloseTo(
      (Date.parse(times[25]!) - Date.parse(times[0]!)) / 1_000,
      6,
    );
  });

  it('shows what the lost attempt had shown until it gets further', async () => {
    const first = await claimed();
    const live = { metrics: { value: 19 }, eventsPerSecond: 7 };
    await first.post({ events: eventsFrom(0, 20), live });
    await first.lose();
    const second = await nextOf(first);
    await second.post({ events: eventsFrom(0, 3), live: { metrics: { value: 2 }, eventsPerSecond: 9 } });
    expect((await find(first)).live).toMatchObject({
      eventIndex: 19,
      metrics: { value: 19 },
      eventsPerSecond: 0,
    });
  });

  it('is told how long the prefix took, without the pauses, and when the faults were healed', async () => {
    const timed = (from: number, count: number, startMs: number) =>
      eventsFrom(from, count).map((event, i) => ({
        ...event,
        at: new Date(startMs + i * 500).toISOString(),
        type: event.index === 5 ? 'heal' : event.type,
      }));
    const first = await claimed();
    await first.post({ events: timed(0, 5, 1_750_000_000_000) });
    await first.lose();
    const second = await nextOf(first);
    await second.post({ events: [...timed(0, 5, 1_760_000_000_000), ...timed(5, 3, 1_760_000_060_000)] });
    const prefix = (below: number) =>
      sql`select * from simcity_stored_prefix(${first.runId}, ${below})`.then(([row]) => row);
    expect(await prefix(5)).toEqual({ elapsed_seconds: 2, healed_ms: null });
    expect(await prefix(8)).toEqual({ elapsed_seconds: 3, healed_ms: 2.5 });
    expect(await prefix(0)).toEqual({ elapsed_seconds: null, healed_ms: null });
  });

  it('does not mind other versions in the start', async () => {
    const first = await claimed();
    const start = (node: string) => ({ ...eventsFrom(0, 1)[0]!, data: { seed: 1, versions: { node } } });
    await first.post({ events: [start('24.0.0')] });
    await first.lose();
    const second = await nextOf(first);
    expect((await second.post({ events: [start('24.1.0')] })).body).toEqual({ next: 1, stop: null });
  });

  it.each([
    ['an event', { events: later(eventsFrom(0, 12)).with(7, { ...eventsFrom(7, 1)[0]!, actor: 'x' }) }, 7],
    ['a snapshot', { events: later(eventsFrom(0, 12)), snapshots: [snapshotAt(9, LATER, 8)] }, 9],
    ['a snapshot more', { events: later(eventsFrom(0, 12)), snapshots: [snapshotAt(4, LATER)] }, 4],
    [
      'a verdict before the prefix is through',
      { events: later(eventsFrom(0, 12)).with(11, { ...eventsFrom(11, 1)[0]!, type: 'end' }), end: passed },
      11,
    ],
  ])('with %s that differs ends the run with that difference', async (_, batch, index) => {
    const second = await repeating();
    for (const time of ['first', 'again']) {
      expect(await second.post(batch), time).toMatchObject({
        status: 409,
        body: { error: { code: 'not_deterministic', message: expect.stringContaining(` ${index} differs`) } },
      });
    }
    const run = await find(second);
    expect(run).toMatchObject({
      status: 'STOPPED',
      pass: null,
      stopReason: 'not-deterministic',
      failForensic: {
        kind: 'not-deterministic',
        invariant: 'one-seed-is-one-history',
        eventIndex: index,
        message: expect.stringMatching(`event ${index} differs from the stored one.*a fault of SimCity`),
        actual: { index },
      },
    });
    expect(await stored(second)).toHaveLength(21);
    expect((await stored(second))[20]).toMatchObject({ type: 'end' });
  });

  it('of a module that differs says what the module may do', async () => {
    const first = await queued('module:./service.ts', { runner: 'mine' });
    await first.claim('mine');
    await first.post({ events: eventsFrom(0, 5) });
    await first.lose();
    const second = new Attempt(first.runId);
    await second.claim('mine');
    await second.post({ events: eventsFrom(0, 5).map((event) => ({ ...event, virtualMs: 77 })) });
    expect((await find(first)).failForensic?.message).toMatch(
      /event 0 differs.*The module may read something/,
    );
  });

  it('that is stopped on the way ends with all that was stored, and keeps the words of who stopped it', async () => {
    const second = await repeating();
    await second.post({ events: eventsFrom(0, 5) });
    await sql`select simcity_request_stop(${second.runId}, 'enough')`;
    const events = [...eventsFrom(5, 4), { ...eventsFrom(9, 1)[0]!, type: 'end' }];
    const batch = {
      events,
      // Where the stored history has another snapshot.
      snapshots: [snapshotAt(9, LATER, 5)],
      end: { status: 'STOPPED', reason: 'enough', failForensic: null },
    };
    for (const time of ['first', 'again']) {
      expect(await second.post(batch), time).toEqual({
        status: 200,
        body: { next: 21, stop: { reason: 'enough' } },
      });
    }
    expect(await find(second)).toMatchObject({ status: 'STOPPED', stopReason: 'enough', failForensic: null });
    expect(await stored(second)).toHaveLength(21);
  });

  it('that cannot even begin ends with what is in its way', async () => {
    const second = await repeating();
    const [row] = await sql`
      select simcity_harness_forensic(${second.runId}, 'adapter-error', 'It cannot be loaded.') as forensic`;
    const batch = {
      events: [{ ...eventsFrom(0, 1)[0]!, type: 'end' }],
      end: { status: 'STOPPED', reason: 'adapter-error', failForensic: row?.['forensic'] },
    };
    expect(await second.post(batch)).toMatchObject({ status: 200, body: { next: 21 } });
    expect(await find(second)).toMatchObject({
      status: 'STOPPED',
      stopReason: 'adapter-error',
      failForensic: { kind: 'adapter-error' },
    });
  });
});

it('counts the runs that were lost, by reason', async () => {
  const attempt = await claimed('http://127.0.0.1:9');
  await attempt.lose();
  const user = await claimed();
  await sql`select simcity_end_run(${user.runId}, null, 'STOPPED', 'enough', null)`;
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toContain('simcity_runs_lost{reason="harness-lost"} 1');
  expect(text).toContain('simcity_runs_lost{reason="timeout"} 0');
  expect(text).toContain('simcity_runs{status="STOPPED"} 2');
});
