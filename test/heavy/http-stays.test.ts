/** `stays` on a running service: the reference houses over HTTP, right and with bugs of their zoo. */
import { describe, expect, it } from 'vitest';
import { house } from '../fixtures/reference-services/house.ts';
import { attacksOn, referenceGround } from '../helpers/reference-over-http.ts';

/** By so many seeds each bug is found. */
const SEEDS = 3;

describe('stays over HTTP', () => {
  const attacked = attacksOn(referenceGround(), 'stays', house, { operations: 400, slots: 6 });

  it.each([
    ['memory', 'none'],
    ['memory', 'calm'],
    ['postgres', 'rough'],
    ['postgres', 'brutal'],
  ] as const)('passes the right house, %s under %s faults', async (store, faults) => {
    const { end, events } = await attacked(store, null, 1, { faults });
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
    expect(events.at(-1)?.data).toMatchObject({ notTested: [] });
  });

  it('passes a house that knows no repeats, where a request that comes twice is two', async () => {
    const { end, events } = await attacked('memory', null, 1, { faults: 'brutal', rules: { keys: false } });
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
    expect(events.at(-1)?.data).toMatchObject({ notTested: ['keys'] });
    expect(events.some(({ data }) => String(data['booking']).endsWith('~2'))).toBe(true);
  });

  it.each([
    ['postgres', 'check-then-insert'],
    ['postgres', 'frees-before-taking'],
    ['postgres', 'half-series'],
    ['postgres', 'utc-days'],
    ['memory', 'inclusive-ends'],
    ['memory', 'one-sided-buffer'],
  ] as const)('fails a house, %s with %s', async (store, bug) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { end } = await attacked(store, bug, seed);
      if (end.status === 'FAIL') return;
    }
    expect.unreachable(`${SEEDS} seeds found nothing.`);
  });
});
