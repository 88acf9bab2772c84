/** The clock moves past what runs out, and messages of ours come late, again or never: what the engine makes of both. */
import { describe, expect, it } from 'vitest';
import { attackDesk, deskService } from '../helpers/desk-city.ts';
import { decided } from '../helpers/execute.ts';

const SEEDS = Array.from({ length: 8 }, (_, i) => i + 1);
const right = () => deskService((clock) => clock.databaseMs());
const neverEnding = () => deskService(() => 0);

describe('a clock that is moved', () => {
  it('accuses no desk that goes by it, whatever else goes wrong', async () => {
    for (const faults of ['none', 'rough', 'brutal'] as const) {
      for (const seed of SEEDS) {
        const { end } = await attackDesk(seed, right(), { faults });
        expect(end.status, `seed ${seed}, ${faults}: ${JSON.stringify(end.failForensic)}`).toBe('PASS');
      }
    }
  });

  it('shows that holds never end', async () => {
    const { end, events } = await attackDesk(1, neverEnding());
    expect(end.status).toBe('FAIL');
    expect(events.some(({ type }) => type === 'clock')).toBe(true);
  });

  it('goes on only, and stays a second away from what runs out', async () => {
    const { events } = await attackDesk(2, right());
    const moves = events.filter(({ type }) => type === 'clock');
    expect(moves.length).toBeGreaterThan(3);
    for (const { data } of moves) {
      const [byMs, nowMs] = [data['byMs'] as number, data['nowMs'] as number];
      expect(byMs).toBeGreaterThan(0);
      const toMinute = nowMs % 60_000;
      expect(Math.min(toMinute, 60_000 - toMinute)).toBeGreaterThanOrEqual(1_000);
    }
  });

  it('is moved alike by the same seed, and not where a reduction mutes it', async () => {
    const { events, trace } = await attackDesk(3, right(), { faults: 'rough' });
    expect(decided((await attackDesk(3, right(), { faults: 'rough' })).events)).toEqual(decided(events));
    const moves = trace.struck.filter((name) => name.endsWith('.clock'));
    expect(moves.length).toBe(events.filter(({ type }) => type === 'clock').length);
    const operations = Array.from({ length: 120 }, (_, n) => n);
    const muted = moves.map((name) => name);
    const reduction = { operations, muted, schedule: null, variant: 0 };
    const without = await attackDesk(3, right(), { faults: 'rough', reduction });
    expect(without.trace.struck.filter((name) => muted.includes(name))).toEqual([]);
  });
});

describe('a message of ours', () => {
  it('is sent until it is answered, now and then again after that, and now and then never', async () => {
    const found = { afterLoss: 0, afterAnswer: 0, never: 0 };
    for (const seed of SEEDS) {
      const { events } = await attackDesk(seed, right(), { faults: 'brutal' });
      const answered = new Set<unknown>();
      const lost = new Set<unknown>();
      for (const { type, data } of events) {
        if (type === 'pay.unknown') lost.add(data['op']);
        if (type === 'pay.ok' || type === 'pay.refused') answered.add(data['op']);
        const { retryOf } = data;
        if (type !== 'pay.invoke' || retryOf === undefined) continue;
        if (answered.has(retryOf)) found.afterAnswer++;
        else found.afterLoss++;
        lost.delete(retryOf);
      }
      found.never += lost.size;
    }
    for (const count of Object.values(found)) expect(count).toBeGreaterThan(0);
  });
});
