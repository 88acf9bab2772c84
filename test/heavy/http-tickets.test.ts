/** `tickets` on a running service in real time: the reference box offices over HTTP, right and with bugs of their zoo. */
import { describe, expect, it } from 'vitest';
import { boxOffice } from '../fixtures/reference-services/box-office.ts';
import { attacksOn, referenceGround } from '../helpers/reference-over-http.ts';

/** By so many seeds each bug is found. */
const SEEDS = 3;

describe('tickets over HTTP', () => {
  const attacked = attacksOn(referenceGround(), 'tickets', boxOffice(), { operations: 500, slots: 8 });

  it.each([
    ['memory', 'none'],
    ['postgres', 'brutal'],
  ] as const)('passes the right box office, %s under %s faults', async (store, faults) => {
    const { end, events } = await attacked(store, null, 1, { faults });
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
    expect(events.at(-1)?.data).toMatchObject({ notTested: [], undecided: [] });
    expect(events.find(({ data }) => data['what'] === 'clock')?.data).toMatchObject({
      aheadMs: { least: expect.any(Number), most: expect.any(Number) },
    });
  });

  it.each([
    ['postgres', 'expires-while-paying'],
    ['postgres', 'late-payment-lost'],
    ['memory', 'paid-twice'],
    ['memory', 'partial-order'],
    ['memory', 'refund-frees-two'],
  ] as const)('fails a box office, %s with %s', async (store, bug) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { end } = await attacked(store, bug, seed);
      if (end.status === 'FAIL') return;
    }
    expect.unreachable(`${SEEDS} seeds found nothing.`);
  });
});
