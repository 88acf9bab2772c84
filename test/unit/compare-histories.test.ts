import { describe, expect, it } from 'vitest';
import { compareHistories } from '../../cli/run/compare-histories.ts';
import { differences } from '../../cli/run/event-difference.ts';
import { type RunEvent, runConfigSchema } from '../../server/contract/index.ts';

const event = (
  index: number,
  data: Record<string, unknown> = {},
  at = '2025-11-22T00:00:00.000Z',
): RunEvent => ({
  index,
  at,
  virtualMs: index,
  type: index === 0 ? 'start' : 'read.ok',
  actor: 'ann',
  data,
});

async function* stream(events: RunEvent[]) {
  yield* events;
}

const compare = (left: RunEvent[], right: RunEvent[], leftIsPrefix = false) =>
  compareHistories(stream(left), stream(right), { around: 2, leftIsPrefix });

describe('differences of two events', () => {
  it('leave out wall time, versions, and limits of wall time', () => {
    const config = runConfigSchema.parse({});
    const left = event(0, { seed: 1, versions: { node: '22' }, config });
    const right = event(
      0,
      { seed: 1, versions: { node: '24' }, config: { ...config, durationSeconds: 3, rate: 5 } },
      '2026-01-01T00:00:00.000Z',
    );
    expect(differences(left, right)).toEqual([]);
  });

  it('are told by path, with both values, wherever they are', () => {
    const left = event(3, { slots: [{ id: 'a', bookings: 1 }], gone: true });
    const right = event(3, { slots: [{ id: 'a', bookings: 2 }, { id: 'b' }] });
    expect(differences(left, right)).toEqual([
      { path: 'data.slots[0].bookings', left: 1, right: 2 },
      { path: 'data.slots[1]', left: undefined, right: { id: 'b' } },
      { path: 'data.gone', left: true, right: undefined },
    ]);
  });
});

describe('two histories', () => {
  const events = [0, 1, 2, 3, 4, 5].map((index) => event(index));

  it('are the same when every event is', async () => {
    expect(await compare(events, events)).toMatchObject({ common: 6, parting: null });
  });

  it('part at the first event that differs, with what is around it', async () => {
    const other = events.map((each) => (each.index === 3 ? event(3, { booking: 'b-1' }) : each));
    const { common, parting } = await compare(events, other);
    expect(common).toBe(3);
    expect(parting).toMatchObject({
      index: 3,
      differences: [{ path: 'data.booking', left: undefined, right: 'b-1' }],
      before: [{ index: 1 }, { index: 2 }],
      leftAfter: [{ index: 4 }, { index: 5 }],
    });
  });

  it('part where one of them ends', async () => {
    expect((await compare(events, events.slice(0, 4))).parting).toMatchObject({ index: 4, right: null });
    expect((await compare(events.slice(0, 4), events)).parting).toMatchObject({ index: 4, left: null });
  });

  it('are the same as far as the left one goes, when it is a beginning', async () => {
    expect(await compare(events.slice(0, 4), events, true)).toMatchObject({ common: 4, parting: null });
  });
});
