/** `tickets` over HTTP behind the gate, with the clock of the run: the reference box office as a process of its own. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCompiler } from '../../server/contract/c-compiler.ts';
import { CLOCK_EVENT, proofSchema } from '../../server/contract/index.ts';
import { type TestFolder, testFolder } from '../helpers/folder.ts';
import { gatedAttacksOn } from '../helpers/gated-reference.ts';
import { referenceGround } from '../helpers/reference-over-http.ts';

/** By so many seeds each bug is found. */
const SEEDS = 10;

describe.skipIf(findCompiler(process.env) === null)('tickets behind the gate (needs a C compiler)', () => {
  let folder: TestFolder;
  const usual = { clock: 'virtual', operations: 80, faults: 'rough' };
  const clockFolder = () => join(folder.path, 'clock');
  const gated = gatedAttacksOn(referenceGround(), 'tickets', usual, clockFolder);

  beforeAll(async () => {
    folder = await testFolder();
  });
  afterAll(() => folder?.remove());

  it.each([
    ['rough', 1],
    ['rough', 2],
    ['none', 1],
  ])(
    'the right box office passes under faults %s with seed %i, and is the same again',
    async (faults, seed) => {
      const { end, events, proof } = await gated(null, seed, { faults, prove: 1 });
      expect(end.failForensic?.message ?? end.status).toBe('PASS');
      expect(events.some(({ type }) => type === CLOCK_EVENT)).toBe(true);
      const { executions, identical } = proofSchema.parse(proof);
      expect(executions).toBeGreaterThan(0);
      expect(identical).toBe(executions);
    },
  );

  it('the right box office passes where connections are refused and its clock is set wrong', async () => {
    const faultRates = { 'connection-refused': 0.03, 'clock-skew': 0.03 };
    const { end, events } = await gated(null, 5, { faults: 'brutal', faultRates });
    expect(end.failForensic?.message ?? end.status).toBe('PASS');
    const struck = events.filter(({ type }) => type === 'fault').map(({ data }) => data['name']);
    expect(struck).toEqual(expect.arrayContaining(Object.keys(faultRates)));
  });

  // All three need a hold that runs out.
  it.each(['late-payment-lost', 'cleaner-frees-sold', 'expires-while-paying'])('%s is found', async (bug) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { end } = await gated(bug, seed, {});
      if (end.status !== 'FAIL') continue;
      expect(end.failForensic?.kind).not.toBe('liveness');
      return;
    }
    expect.unreachable(`${SEEDS} seeds found nothing.`);
  });
});
