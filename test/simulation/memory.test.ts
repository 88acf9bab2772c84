import { describe, expect, it } from 'vitest';
import { decided, executed } from '../helpers/execute.ts';

const operations = 600;

describe('on memory', () => {
  it('one seed gives one history', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [a, b] = [
        await executed({ target: 'memory', seed, config: { operations } }),
        await executed({ target: 'memory', seed, config: { operations } }),
      ];
      expect(decided(a.events)).toEqual(decided(b.events));
    }
  });

  it('the right service passes under every profile', async () => {
    for (const faults of ['none', 'calm', 'rough', 'brutal'] as const) {
      for (let seed = 1; seed <= 20; seed++) {
        const { end } = await executed({ target: 'memory', seed, config: { operations, faults } });
        expect(end, `seed ${seed}, faults ${faults}`).toMatchObject({ status: 'PASS' });
      }
    }
  });

  it.each(['check-then-insert', 'no-idempotency'])('the bug %s is found within 20 seeds', async (bug) => {
    let found = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const { end, events } = await executed({ target: 'memory', seed, config: { operations: 2_000, bug } });
      if (end.status !== 'FAIL') continue;
      found++;
      expect(end.failForensic).toMatchObject({ seed, reproduce: expect.stringContaining(`--bug ${bug}`) });
      expect(events.at(-2)).toMatchObject({ type: 'violation', data: { kind: end.failForensic?.kind } });
    }
    expect(found).toBeGreaterThan(0);
  });

  it('records gapless events and a snapshot at least every 10', async () => {
    const { events, snapshots } = await executed({ target: 'memory', seed: 3, config: { operations } });
    expect(events.map((event) => event.index)).toEqual(events.map((_, i) => i));
    expect(events[0]).toMatchObject({ type: 'start', virtualMs: 0 });
    expect(events.at(-1)).toMatchObject({ type: 'end', data: { status: 'PASS' } });
    const indexes = snapshots.map((snapshot) => snapshot.index);
    expect(Math.max(...indexes.slice(1).map((index, i) => index - (indexes[i] as number)))).toBe(10);
    expect(indexes.at(-1)).toBe(events.length - 1);
  });

  it('a crossed threshold fails the run and names itself', async () => {
    const { end } = await executed({
      target: 'memory',
      seed: 3,
      config: { operations, thresholds: ['ok<5'] },
    });
    expect(end).toMatchObject({ status: 'FAIL', failForensic: { kind: 'threshold', invariant: 'ok<5' } });
  });
});
