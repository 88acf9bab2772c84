/** Internal errors that nothing of ours explains, over PostgreSQL: what they come to, and what ours come to. */
import { afterEach, describe, expect, it } from 'vitest';
import { setLoaded } from '../../runner/modules/loaded.ts';
import { shrink } from '../../runner/shrink/shrink.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import {
  formatReduction,
  formatSignature,
  runConfigSchema,
  signatureOf,
} from '../../server/contract/index.ts';
import { cityGround } from '../helpers/city-ground.ts';
import { type executed, neverStopped } from '../helpers/execute.ts';
import { executedService, labelOf } from '../helpers/sql-services.ts';

const SEEDS = [1, 2, 3] as const;
const ground = cityGround();
const { cities } = ground;

afterEach(() => setLoaded({ scenario: null, adapter: null, service: null }));

const signatureOfRun = ({ end }: Awaited<ReturnType<typeof executed>>) =>
  end.failForensic && formatSignature(signatureOf(end.failForensic));

describe('internal errors without a cause of ours', () => {
  it.each(SEEDS)('on every repeat are found within ten repeats, seed %i', async (seed) => {
    const run = await executedService('fails-repeats', seed, { operations: 2_000 }, ground.url, cities);
    expect(signatureOfRun(run)).toBe('invariant/errors-without-cause/book.failed');
    expect(run.end.failForensic?.message).toMatch(
      /^Repeats of an acknowledged request are answered 500: \d+ of \d+ repeats of book, .* First at event \d+, to \S+: SQLSTATE 25P02\.$/,
    );
    const repeats = /: \d+ of (\d+) repeats/.exec(run.end.failForensic?.message ?? '')?.[1];
    expect(Number(repeats)).toBeLessThanOrEqual(10);
  });

  it.each(SEEDS)('on every cancel are found, and that none was acknowledged, seed %i', async (seed) => {
    const run = await executedService('fails-after-cancels', seed, { operations: 2_000 }, ground.url, cities);
    expect(signatureOfRun(run)).toBe('invariant/errors-without-cause/cancel.failed');
    const end = run.events.at(-1)?.data;
    expect(end).toMatchObject({ neverAcknowledged: ['cancel'], notTested: ['cancel'] });
    expect(end?.['neverReached']).toContain('a cancel was acknowledged');
    expect(end?.['neverReached']).not.toContain('a book was acknowledged');
  });

  it('come down to the few requests that show one of them, which the text reproduces', async () => {
    const config = runConfigSchema.parse({ operations: 2_000 });
    await executedService('fails-after-cancels', 1, { operations: 1 }, ground.url);
    const run = {
      scenario: 'bookings',
      target: labelOf('fails-after-cancels'),
      targetUrl: ground.url,
      seed: 1,
      config,
    };
    const signature = {
      kind: 'invariant',
      invariant: 'errors-without-cause',
      operation: 'cancel.failed',
    } as const;
    const budget = { maxExecutions: 2_000, maxSeconds: 100, confirmations: 2, signal: neverStopped };
    const result = await shrink({ ...run, signature }, { ...budget, onProgress: () => {} });
    if (typeof result === 'string') throw new Error(result);
    const smallest = composeSmallest({ ...run, signature }, result);
    expect(smallest).toMatchObject({ invariant: 'errors-without-cause', reproduced: { times: 2, of: 2 } });
    expect(smallest.operations).toBeLessThanOrEqual(4);
    expect(smallest.config.reduction && formatReduction(smallest.config.reduction)).toMatch(/errors=any/);
  }, 120_000);

  it('are right where they are few, and the end tells their share', async () => {
    for (const seed of SEEDS) {
      const run = await executedService('fails-now-and-then', seed, { operations: 800 }, ground.url, cities);
      expect(run.end, `seed ${seed}`).toMatchObject({ status: 'PASS' });
      const shares = run.events.at(-1)?.data['errorsWithoutCause'] as Record<string, { share: number }>;
      expect(shares['book']?.share).toBeGreaterThan(0);
      expect(shares['book']?.share).toBeLessThan(0.1);
    }
  }, 60_000);

  it('are not what crashes, deadlocks and serialization failures come to', async () => {
    const faultRates = { crash: 0.05, 'serialization-failure': 0.3, 'pool-exhaustion': 0.05 };
    const hasty = await executedService(
      'never-tries-again',
      1,
      { operations: 400, faultRates, isolation: 'serializable', citizens: 8, slots: 2 },
      ground.url,
      cities,
    );
    expect(hasty.end).toMatchObject({ status: 'PASS' });
    const end = hasty.events.at(-1)?.data;
    expect(end?.['errorsWithoutCause']).toEqual({});
    const sometimes = end?.['sometimes'] as Record<string, number> | undefined;
    expect(sometimes?.['a transaction failed to serialize']).toBeGreaterThan(10);
  }, 60_000);
});
