import { describe, expect, it } from 'vitest';
import { shrink } from '../../runner/shrink/shrink.ts';
import { composeSmallest } from '../../runner/shrink/smallest.ts';
import { type Forensic, formatSignature, runConfigSchema, signatureOf } from '../../server/contract/index.ts';
import { executed, neverStopped } from '../helpers/execute.ts';
import { expectGoodReproduction, firstFailure, shrunk } from '../helpers/shrinking.ts';

describe('shrinking on memory', () => {
  it.each(['check-then-insert', 'no-idempotency'])('%s comes down to a few operations', async (bug) => {
    const found = await firstFailure(bug, 'memory', null);
    await expectGoodReproduction(found, await shrunk(found));
  });

  it.each(['refund-frees-two', 'quota-check-then-count', 'two-clocks'])(
    'what %s of tickets needs one after another comes down to a few operations',
    async (bug) => {
      const found = await firstFailure(bug, 'memory', null, 'tickets');
      await expectGoodReproduction(found, await shrunk(found, 1_000));
    },
  );

  it('gives the same result every time', async () => {
    const found = await firstFailure('check-then-insert', 'memory', null);
    const [a, b] = [await shrunk(found), await shrunk(found)];
    expect(a.trial.candidate).toEqual(b.trial.candidate);
  });

  it('makes a reduced run smaller, and leaves a smallest one as it is', async () => {
    const found = await firstFailure('check-then-insert', 'memory', null);
    const { trial } = await shrunk(found);
    const config = composeSmallest(found, await shrunk(found)).config;
    const again = await shrunk({ ...found, config });
    expect(again.trial.candidate.operations).toEqual(trial.candidate.operations);
  });

  it('ends with what it has when its budget is spent, and says that there may be less', async () => {
    const found = await firstFailure('check-then-insert', 'memory', null);
    const result = await shrunk(found, 10);
    expect(result.executions).toBeLessThan(10 + result.trial.candidate.operations.length + 22);
    expect(result.trial.fails).toBe('same');
    expect(result.minimal).toBe(false);
  });

  it('keeps to the failure that was recorded, where a service fails in several ways', async () => {
    const ways = new Map<string, { seed: number; forensic: Forensic }>();
    const config = runConfigSchema.parse({ bug: 'lost-cancel' });
    for (let seed = 1; seed <= 20 && ways.size < 2; seed++) {
      const { end } = await executed({ target: 'memory', seed, config: { bug: 'lost-cancel' } });
      const forensic = end.failForensic;
      if (forensic) ways.set(formatSignature(signatureOf(forensic)), { seed, forensic });
    }
    expect(ways.size).toBe(2);
    for (const [way, { seed, forensic }] of ways) {
      const run = { scenario: 'bookings', target: 'memory', targetUrl: null, seed, config };
      const budget = { maxExecutions: 1_500, maxSeconds: 60, confirmations: 2, signal: neverStopped };
      const result = await shrink(
        { ...run, signature: signatureOf(forensic) },
        { ...budget, onProgress: () => {} },
      );
      if (typeof result === 'string') throw new Error(result);
      expect(result.trial.forensic && formatSignature(signatureOf(result.trial.forensic))).toBe(way);
      expect(result.reproduced).toMatchObject({ times: 2, of: 2 });
    }
  }, 120_000);

  it('says why there is nothing to shrink', async () => {
    const run = { scenario: 'bookings', target: 'memory', targetUrl: null, seed: 3 };
    const options = { maxExecutions: 10, maxSeconds: 10, confirmations: 1, onProgress: () => {} };
    const config = runConfigSchema.parse({ operations: 50 });
    expect(await shrink({ ...run, config }, { ...options, signal: neverStopped })).toMatch(/does not fail/);
    const signature = { kind: 'liveness', invariant: 'every-request-is-answered', operation: null } as const;
    const buggy = runConfigSchema.parse({ bug: 'no-idempotency' });
    expect(await shrink({ ...run, config: buggy, signature }, { ...options, signal: neverStopped })).toMatch(
      /^seed 3 does not fail the same way when it is executed again; it fails otherwise: \S+ once$/,
    );
    const crossed = { ...config, thresholds: ['ok<5'] };
    expect(await shrink({ ...run, config: crossed }, { ...options, signal: neverStopped })).toMatch(
      /threshold/,
    );
  });
});
