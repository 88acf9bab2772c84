/** `tickets` over HTTP behind the gate, with the clock of the run: the reference box office as a process of its own. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCompiler } from '../../server/contract/c-compiler.ts';
import { CLOCK_EVENT, proofSchema } from '../../server/contract/index.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { gatedAttacksOn } from '../helpers/gated-reference.ts';
import { referenceGround } from '../helpers/reference-over-http.ts';

/** By so many seeds the bug is found. */
const SEEDS = 3;

describe.skipIf(findCompiler(process.env) === null)('tickets behind the gate (needs a C compiler)', () => {
  let folder: TestFolder;
  const usual = { clock: 'virtual', operations: 80, faults: 'rough' };
  const clockFolder = () => join(folder.path, 'clock');
  const gated = gatedAttacksOn(referenceGround(), 'tickets', usual, clockFolder);

  beforeAll(async () => {
    folder = await testFolder();
  });
  afterAll(() => folder?.remove());

  it('the right box office passes under faults, with what runs out, and is the same each time', async () => {
    const { end, events, proof } = await gated(null, 1, { prove: 1 });
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
    expect(events.some(({ type }) => type === CLOCK_EVENT)).toBe(true);
    const { executions, identical } = proofSchema.parse(proof);
    expect(executions).toBeGreaterThan(0);
    expect(identical).toBe(executions);
  });

  it('one that keeps money that came too late fails', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { end } = await gated('late-payment-lost', seed, { operations: 60 });
      if (end.status === 'FAIL') return;
    }
    expect.unreachable(`${SEEDS} seeds found nothing.`);
  });
});
