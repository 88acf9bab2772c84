/** `stays` over HTTP behind the gate: the reference house as a process of its own, which knows nothing of it. */
import { expect, it } from 'vitest';
import { proofSchema } from '../../server/contract/index.ts';
import { gatedAttacksOn } from '../helpers/gated-reference.ts';
import { referenceGround } from '../helpers/reference-over-http.ts';

/** By so many seeds the bug is found. */
const SEEDS = 3;

const gated = gatedAttacksOn(referenceGround(), 'stays', { operations: 60 });

it('the right house passes under faults', async () => {
  const { end } = await gated(null, 1, { faults: 'rough' });
  expect(end.failForensic?.message ?? end.status).toBe('PASS');
});

it('a house that looks before it takes fails, and each execution is the same', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { end, proof } = await gated('check-then-insert', seed, { faults: 'none', prove: 1 });
    if (end.status !== 'FAIL') continue;
    const { executions, identical } = proofSchema.parse(proof);
    expect(executions).toBeGreaterThan(0);
    expect(identical).toBe(executions);
    return;
  }
  expect.unreachable(`${SEEDS} seeds found nothing.`);
});
