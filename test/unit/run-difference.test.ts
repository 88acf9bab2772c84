import { describe, expect, it } from 'vitest';
import { differences, differingParts } from '../../cli/run/event-difference.ts';
import { comparedMetrics, comparedSettings, comparedStates } from '../../cli/run/run-difference.ts';
import { ENGINE_GENERATION, type RunEvent, runConfigSchema } from '../../server/contract/index.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

const live = { status: 'PASS' as const, eventIndex: 99, eventsPerSecond: 0, heartbeatAt: null };
const left = recordedRun({
  ...{ status: 'PASS', pass: true, durationSecondsActual: 1.5, generation: ENGINE_GENERATION },
  live: { ...live, metrics: { bookings: 3, faults: 1, only_left: 2 } },
});
const right = recordedRun({
  ...{ number: 14, seed: 43, target: 'memory\u202e', status: 'FAIL', pass: false, version: '9.9.9' },
  config: runConfigSchema.parse({ bug: 'lost-cancel', faults: 'brutal' }),
  failForensic: recordedForensic(),
  durationSecondsActual: 1.5,
  live: { ...live, metrics: { bookings: 8, faults: 1 } },
});

const differing = (rows: readonly { name: string; differs: boolean }[]) =>
  rows.filter(({ differs }) => differs).map(({ name }) => name);

describe('two runs beside each other', () => {
  it('differ in target, bug, seed, faults and version, and in nothing else that was asked', () => {
    const rows = comparedSettings(left, right);
    expect(differing(rows).sort()).toEqual(['bug', 'faults', 'seed', 'target', 'version']);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.find(({ name }) => name === 'target')).toMatchObject({
      left: 'postgres',
      right: 'memory<U+202E>',
    });
    expect(differing(comparedSettings(left, left))).toEqual([]);
  });

  it('are told how they ended, without what neither has', () => {
    expect(comparedStates(left, right)).toEqual([
      { name: 'state', left: 'PASS', right: 'FAIL', differs: true },
      { name: 'why', left: '', right: 'no-overbooking', differs: true },
      { name: 'events', left: '100', right: '100', differs: false },
      { name: 'took', left: '1.50 s', right: '1.50 s', differs: false },
    ]);
    expect(comparedStates(left, left).map(({ name }) => name)).toEqual(['state', 'events', 'took']);
  });

  it('have the difference of each metric that both have', () => {
    expect(comparedMetrics(left, right)).toEqual([
      { name: 'bookings', left: '3', right: '8', differs: true, change: 5 },
      { name: 'faults', left: '1', right: '1', differs: false, change: 0 },
      { name: 'only_left', left: '2', right: '', differs: true, change: null },
    ]);
  });
});

describe('two events beside each other', () => {
  it('are marked where they look different', () => {
    const event: RunEvent = {
      ...{ index: 3, at: '2025-11-22T00:00:00.000Z', virtualMs: 3, type: 'book.ok', actor: 'ann' },
      data: { slot: 'slot-001', booking: 'b-1' },
    };
    const parts = (change: Partial<RunEvent>) => [
      ...differingParts(differences(event, { ...event, ...change })),
    ];
    expect(parts({})).toEqual([]);
    expect(parts({ actor: 'bob', type: 'book.refused' })).toEqual(['type', 'actor']);
    expect(parts({ data: { slot: 'slot-002', booking: 'b-2' } })).toEqual(['object', 'detail']);
  });
});
