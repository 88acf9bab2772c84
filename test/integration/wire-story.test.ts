/** A service without a gate: its requests on the wire are recorded, and explain a failure when the service is gone. */
import { describe, expect, it } from 'vitest';
import { executeLive } from '../../runner/harness/live/execute-live.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { wireWhy } from '../../runner/why/wire-story.ts';
import {
  type Forensic,
  forensicSchema,
  type RunEvent,
  runConfigSchema,
  whySchema,
} from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { servedHere } from '../helpers/http-service.ts';

const SEEDS = 8;

/** The first seed that fails; the service is down when it resolves. */
async function failed(bug: string, record: 'none' | 'requests') {
  for (let seed = 1; seed <= SEEDS; seed++) {
    await using service = await servedHere(bug);
    const sink = new MemorySink();
    const config = runConfigSchema.parse({ operations: 800, record });
    const end = await executeLive({
      ...{ scenario: 'bookings', target: service.url, seed, config, sink, retries: 1 },
      signal: neverStopped,
    });
    // As it is stored.
    if (end.failForensic)
      return {
        forensic: forensicSchema.parse(JSON.parse(JSON.stringify(end.failForensic))),
        events: sink.events,
      };
  }
  throw new Error(`No seed up to ${SEEDS} finds ${bug}.`);
}

describe('with --record requests', () => {
  it('each request has its events, in order, and their times stand in the bundle', async () => {
    const { forensic, events } = await failed('check-then-insert', 'requests');
    const wire = events.filter(({ type }) => type === 'wire');
    const byOp = Map.groupBy(wire, ({ data }) => data['op'] as number);
    const whole = [...byOp.values()].map((of) => of.map(({ data }) => data['what']).join(' '));
    expect(new Set(whole).has('leave first-byte answer')).toBe(true);
    expect(whole.some((told) => /cut$/.test(told))).toBe(true);
    for (const { data, virtualMs } of wire) {
      expect(data).toMatchObject({ v: 1, request: expect.stringMatching(/^[A-Z]+ \//) });
      expect(virtualMs).toBeGreaterThan(0);
    }
    expectTimes(forensic, events);
  });
});

describe('without it', () => {
  it('the history has no such events, and the story is told all the same', async () => {
    const { forensic, events } = await failed('check-then-insert', 'none');
    expect(events.filter(({ type }) => type === 'wire')).toEqual([]);
    const why = whySchema.parse(wireWhy(forensic));
    expect(why).toMatchObject({ source: 'requests', kind: 'unknown', name: null, executions: 0, pair: null });
    expect(forensic.message.startsWith(why.sentence)).toBe(true);
    expect(why.sentence).not.toContain('Tried again');
    expect(why.conclusion.at(-1)).toContain('--gate would show its statements');
    expect(why.conclusion.join(' ')).toMatch(/Tried again (once|\d+ times) with the same plan/);

    const accused = why.lanes.findIndex(({ role }) => role === 'accused');
    expect(why.lanes[accused]?.op).toBe(forensic.operation?.['op']);
    // Somebody beside the accused, and not all of a long history.
    const carrying = why.lanes.filter(({ role }) => role !== 'other').length;
    expect(carrying).toBeGreaterThan(1);
    const marked = why.steps.filter(({ mark }) => mark === `breaks ${forensic.invariant}`);
    expect(marked.map(({ lane }) => lane)).toEqual([accused]);
    for (const [lane, { outcome, role }] of why.lanes.entries()) {
      const own = why.steps.filter((step) => step.lane === lane && step.kind !== 'fault');
      expect(own.map(({ kind }) => kind).join(' ')).toMatch(
        /^(request ?)?(leave( first-byte)?( answer| cut)? ?)*(answer)?$/,
      );
      if (outcome === 'ok') expect(own.at(-1)?.kind).toBe('answer');
      expect(
        own.filter(({ kind }) => kind === 'leave').every(({ matters }) => matters === (role !== 'other')),
      ).toBe(true);
    }
  });

  it('a bundle without requests, of an older version, is told by what was asked and answered', async () => {
    const { forensic } = await failed('check-then-insert', 'none');
    const history = forensic.history.map(({ wire: _, ...interval }) => interval);
    const why = whySchema.parse(wireWhy({ ...forensic, history }));
    const kinds = new Set(why.steps.map(({ kind }) => kind));
    kinds.delete('fault');
    expect([...kinds].sort()).toEqual(['answer', 'request']);
  });
});

/** What an operation's requests say lies within the operation, in its order, and is what the events say. */
function expectTimes({ history }: Forensic, events: readonly RunEvent[]): void {
  const exchanges = history.flatMap(({ wire = [], ...interval }) => wire.map((each) => ({ each, interval })));
  expect(exchanges.length).toBeGreaterThan(0);
  for (const { each, interval } of exchanges) {
    const times = [interval.invokedMs, each.leftMs, each.firstByteMs, each.endedMs].filter(
      (ms) => ms !== null,
    );
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const left = events.find(
      ({ type, data }) => type === 'wire' && data['op'] === interval.operation && data['what'] === 'leave',
    );
    if (each.leftMs !== null) expect(Math.abs((left?.virtualMs ?? 0) - each.leftMs)).toBeLessThan(1);
  }
}
