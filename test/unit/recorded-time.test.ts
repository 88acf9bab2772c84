import { expect, it } from 'vitest';
import { CityClock } from '../../runner/sim/clock.ts';
import { RecordedTime } from '../../runner/why/recorded-time.ts';
import type { RunEvent } from '../../server/contract/index.ts';

const START_MS = new CityClock().databaseMs();

function event(index: number, virtualMs: number, type: string, data: RunEvent['data']): RunEvent {
  return { index, at: '2026-01-01T00:00:00.000Z', virtualMs, type, actor: 'city', data };
}

it('is that of the clock as it was moved and set wrong', () => {
  const time = new RecordedTime([
    event(1, 10, 'clock', { byMs: 600_000, nowMs: START_MS + 600_010 }),
    event(2, 20, 'note', { what: 'audit' }),
    event(3, 30, 'fault', { name: 'clock-skew', skewMs: 5_000 }),
    event(4, 40, 'heal', {}),
  ]);
  const at = (index: number, virtualMs: number) => {
    time.goTo(index, virtualMs);
    const now = time.databaseMs();
    const { from, to } = time.readings(now, now);
    return [now, from, to].map((ms) => ms - START_MS);
  };
  expect(at(0, 5)).toEqual([5, 4, 5]);
  expect(at(2, 20)).toEqual([600_020, 600_019, 600_020]);
  expect(at(3, 35)).toEqual([600_035, 600_034, 605_035]);
  expect(at(5, 50)).toEqual([600_050, 600_049, 605_040]);
});

it('is what it was when it goes back', () => {
  const time = new RecordedTime([event(5, 4, 'clock', { byMs: 60_000, nowMs: START_MS + 60_004 })]);
  const at = (index: number, virtualMs: number) => {
    time.goTo(index, virtualMs);
    return time.databaseMs() - START_MS;
  };
  expect([at(6, 5), at(3, 3), at(7, 6)]).toEqual([60_005, 3, 60_006]);
});
