/**
 * Live runs against the example services: no false alarm on the right one, and every bug found. With
 * SIMCITY_HEAVY=1 in all profiles and with every bug.
 */
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { executeLive } from '../../runner/harness/live/execute-live.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { shrink } from '../../runner/shrink/shrink.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import {
  type EndReport,
  FAULT_PROFILES,
  forensicSchema,
  type RunEvent,
  runConfigSchema,
  timesOfEach,
} from '../../server/contract/index.ts';
import { BUGS, BUGS_OF_RESTARTS } from '../fixtures/booking-services/bugs.ts';
import { answerWith, type BookingService, listen } from '../fixtures/booking-services/service.ts';
import { neverStopped } from '../helpers/execute.ts';
import { commandFor, servedHere } from '../helpers/http-service.ts';

const isHeavy = process.env['SIMCITY_HEAVY'] === '1';
const SEEDS = isHeavy ? 10 : 1;
const MOST_RUNS = 8;
/** What a run may take on a slow machine; mostly the first one finds the bug. */
const RUN_LIMIT_MS = isHeavy ? 120_000 : 60_000;
const QUICK_BUGS = ['check-then-insert', 'no-idempotency', 'cancel-frees-twice', 'stale-reads', 'id-reuse'];

interface Live {
  end: EndReport;
  events: readonly RunEvent[];
}

async function live(
  url: string,
  seed: number,
  config: Record<string, unknown>,
  exec: string | null = null,
): Promise<Live> {
  const sink = new MemorySink();
  const end = await executeLive({
    scenario: 'bookings',
    target: url,
    seed,
    config: runConfigSchema.parse(config),
    exec,
    retries: isHeavy ? 5 : 1,
    sink,
    signal: neverStopped,
  });
  return { end, events: sink.events };
}

describe('the right service', () => {
  it.each(FAULT_PROFILES)('passes under the profile %s', async (faults) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      await using service = await servedHere(null);
      const { end, events } = await live(service.url, seed, { operations: isHeavy ? 2_000 : 400, faults });
      expect(end.failForensic?.message ?? end.status, `seed ${seed}`).toBe('PASS');
      expect(events.map((event) => event.index)).toEqual(events.map((_, i) => i));
      expect(events.at(-1)).toMatchObject({ type: 'end', data: { status: 'PASS' } });
    }
  });

  it('passes while it is killed in the middle of its work and started again', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      using command = await commandFor(null);
      const { end, events } = await live(command.url, seed, { operations: 400 }, command.exec);
      expect(end.failForensic?.message ?? end.status, `seed ${seed}`).toBe('PASS');
      const crashes = events.filter((event) => event.type === 'fault' && event.data['name'] === 'crash');
      expect(crashes.length).toBeGreaterThan(0);
    }
  });
});

describe('a buggy service', () => {
  const bugs = Object.keys(BUGS).filter(
    (bug) => isHeavy || QUICK_BUGS.includes(bug) || bug === 'lost-on-restart',
  );

  it.each(bugs)('with %s is found within a few runs', { timeout: MOST_RUNS * RUN_LIMIT_MS }, async (bug) => {
    let found: EndReport | null = null;
    for (let seed = 1; seed <= MOST_RUNS && !found; seed++) {
      const { end } = BUGS_OF_RESTARTS.includes(bug) ? await restarted(bug, seed) : await served(bug, seed);
      if (end.status === 'FAIL') found = end;
    }
    const forensic = forensicSchema.parse(found?.failForensic);
    expect(forensic.reproduction?.attempts).toBeGreaterThan(0);
    expect(forensic.reproduce).toContain('--target http://127.0.0.1:');
  });

  async function served(bug: string, seed: number): Promise<Live> {
    await using service = await servedHere(bug);
    return await live(service.url, seed, { operations: 2_000 });
  }

  async function restarted(bug: string, seed: number): Promise<Live> {
    using command = await commandFor(bug);
    return await live(command.url, seed, { operations: 400 }, command.exec);
  }
});

describe('the first look', () => {
  it.each([
    ['missing-key-accepted', 'answers-follow-the-contract'],
    ['unknown-slot-is-empty', 'answers-follow-the-contract'],
    ['reset-keeps-keys', 'a-reset-forgets-everything'],
    ['reset-leaks', 'a-reset-leaves-requests-behind'],
  ])('finds %s before the attack', async (bug, invariant) => {
    let seen: EndReport['failForensic'] = null;
    // What leaks is a race of two requests, which a busy machine may let pass.
    for (let seed = 1; seed <= 5 && seen === null; seed++) {
      await using service = await servedHere(bug);
      seen = (await live(service.url, seed, { operations: 50 })).end.failForensic;
    }
    expect(seen).toMatchObject({ invariant, kind: 'invariant' });
  });

  it('learns that a second cancel is acknowledged again, and takes that for right', async () => {
    await using service = await servedHere('cancels-again');
    const { end } = await live(service.url, 1, { operations: 400 });
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
  });
});

describe('shrinking a failure of a live service', () => {
  it('leaves the few requests that break it, with the rate at which they do', async () => {
    await using service = await servedHere('one-seat-too-many');
    const config = runConfigSchema.parse({ operations: 400 });
    const subject = {
      scenario: 'bookings',
      target: service.url,
      seed: 2,
      config,
      targetUrl: null,
      exec: null,
    };
    const budget = { maxExecutions: 150, maxSeconds: 60, confirmations: 3 };
    const shrunk = await shrink(subject, {
      ...budget,
      signal: neverStopped,
      onProgress: () => undefined,
    });
    if (typeof shrunk === 'string') throw new Error(shrunk);
    const smallest = composeSmallest(subject, shrunk);
    expect(smallest.operations).toBeLessThan(10);
    expect(smallest.operations).toBeLessThan(smallest.operationsBefore);
    expect(smallest.reproduced.times).toBeGreaterThan(0);
    expect(smallest.story.at(-1)?.what).toContain('breaks');
    const { end } = await live(service.url, 2, smallest.config);
    expect(end.status).toBe('FAIL');
  });
});

describe('a failure that shows in several ways', () => {
  const overbooked = { kind: 'invariant', invariant: 'no-overbooking', operation: null } as const;

  it('is tried again: counted when it fails the same way, and named when it fails otherwise', async () => {
    const service = { now: new (BUGS['id-reuse'] as typeof BookingService)(null) };
    const server = await listen((request, response) => answerWith(service.now, request, response), 0);
    const sink = new MemorySink();
    const { event } = sink;
    sink.event = (each) => {
      event.call(sink, each);
      if (each.type === 'violation')
        service.now = new (BUGS['one-seat-too-many'] as typeof BookingService)(null);
    };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = runConfigSchema.parse({ operations: 1_000 });
    const run = { scenario: 'bookings', target: url, seed: 1, config, retries: 2 };
    const { failForensic } = await executeLive({ ...run, sink, signal: neverStopped });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const { invariant, message, reproduction } = forensicSchema.parse(failForensic);
    expect(invariant).not.toBe(overbooked.invariant);
    expect(reproduction).toMatchObject({ attempts: 2, failures: 0 });
    const { otherwise = {} } = reproduction ?? {};
    expect(Object.values(otherwise).reduce((sum, times) => sum + times, 0)).toBe(2);
    expect(message).toContain(
      `it failed the same way 0 times; it fails otherwise: ${timesOfEach(otherwise)}.`,
    );
    const note = sink.events.find(({ data }) => data['what'] === 'tried again');
    expect(note?.data).toMatchObject({ failures: 0, otherwise });
  });

  it('is made small only as it was recorded', async () => {
    await using service = await servedHere('one-seat-too-many');
    const config = runConfigSchema.parse({ operations: 400 });
    const subject = { scenario: 'bookings', target: service.url, seed: 2, config, targetUrl: null };
    const options = { maxExecutions: 150, maxSeconds: 60, confirmations: 3 };
    const search = { ...options, signal: neverStopped, onProgress: () => undefined };
    const other = { ...overbooked, invariant: 'ids-are-never-reused' };
    expect(await shrink({ ...subject, signature: other }, search)).toMatch(
      /^seed 2 does not fail the same way when it is executed again, 5 times; it fails otherwise: .*no-overbooking/,
    );
    const shrunk = await shrink({ ...subject, signature: overbooked }, search);
    if (typeof shrunk === 'string') throw new Error(shrunk);
    expect(shrunk.trial.forensic).toMatchObject({ invariant: 'no-overbooking' });
  });

  it('is made as small as it came to be when the search is stopped', async () => {
    await using service = await servedHere('one-seat-too-many');
    const config = runConfigSchema.parse({ operations: 400 });
    const subject = { scenario: 'bookings', target: service.url, seed: 2, config, targetUrl: null };
    const signal = new StopControl();
    const shrunk = await shrink(subject, {
      ...{ maxExecutions: 10_000, maxSeconds: 600, confirmations: 1_000_000, signal },
      onProgress: ({ stage }) => {
        if (stage === 'operations') signal.request(null);
      },
    });
    if (typeof shrunk === 'string') throw new Error(shrunk);
    expect(shrunk.minimal).toBe(false);
    expect(shrunk.trial.candidate.operations.length).toBeLessThan(shrunk.operationsBefore);
    expect(shrunk.reproduced.times).toBeGreaterThan(0);
    expect(shrunk.seconds).toBeLessThan(60);
  });
});

describe('a run that cannot begin', () => {
  it('says that nobody is there', async () => {
    await expect(live('http://127.0.0.1:1', 1, {})).rejects.toThrow('Nobody accepts a connection');
  });
});
