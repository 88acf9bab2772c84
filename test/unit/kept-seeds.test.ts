/** Seeds that are kept for the nights to come: a bounded sum of many nights, whatever order they are merged in. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type KeptSeed,
  keptSeedsSchema,
  mergeKept,
  seedsOfSubject,
  subjectOf,
} from '../../cli/campaign/kept-seeds.ts';
import { runConfigSchema } from '../../server/contract/index.ts';

const DAY = 86_400_000;
const at = (day: number) => new Date(Date.UTC(2026, 0, 1) + day * DAY).toISOString();

function kept(changes: Partial<KeptSeed> & { day?: number } = {}): KeptSeed {
  const { day = 1, ...rest } = changes;
  return {
    ...{ commit: `commit-${day}`, committedAt: at(day), subject: 'a' },
    signature: { kind: 'linearizability', invariant: 'per-object-history', operation: 'book.ok' },
    ...{ seed: 7, operations: 40, foundAt: at(day) },
    ...rest,
  };
}

const arbitrary = fc
  .record({
    day: fc.integer({ min: 1, max: 40 }),
    subject: fc.constantFrom('a', 'b'),
    seed: fc.integer({ min: 0, max: 9 }),
    operations: fc.integer({ min: 0, max: 5 }),
    signature: fc.constantFrom('book.ok', 'read.ok').map((operation) => ({
      ...{ kind: 'linearizability' as const, invariant: 'per-object-history', operation },
    })),
  })
  .map(kept);

it('keeps of each failure of a commit the four that fail soonest', () => {
  const seeds = [5, 9, 3, 8, 4].map((operations, seed) => kept({ seed, operations }));
  expect(mergeKept(seeds, []).seeds.map(({ operations }) => operations)).toEqual([3, 4, 5, 8]);
});

it('keeps the newest 32 commits of a subject, the newest first', () => {
  const days = Array.from({ length: 40 }, (_, day) => kept({ day }));
  const { seeds } = mergeKept(days.slice(20), days.slice(0, 20));
  expect(seeds.map(({ commit }) => commit)).toEqual(Array.from({ length: 32 }, (_, i) => `commit-${39 - i}`));
  const other = mergeKept(seeds, [kept({ day: 0, subject: 'b' })]);
  expect(seedsOfSubject(other, 'b')).toEqual([7]);
});

it('takes one seed of one failure for one, by the execution that failed sooner', () => {
  const { seeds } = mergeKept([kept({ operations: 30 })], [kept({ operations: 20, foundAt: at(9) })]);
  expect(seeds).toMatchObject([{ operations: 20 }]);
});

it('comes to the same whatever is merged first, and is read again as it was written', () => {
  fc.assert(
    fc.property(fc.array(arbitrary), fc.array(arbitrary), (one, other) => {
      const merged = mergeKept(one, other);
      expect(mergeKept(other, one)).toEqual(merged);
      expect(mergeKept(merged.seeds, merged.seeds)).toEqual(merged);
      expect(keptSeedsSchema.parse(JSON.parse(JSON.stringify(merged)))).toEqual(merged);
    }),
    { seed: 7, numRuns: 200 },
  );
});

it('tells subjects apart in which a seed means something else', () => {
  const campaign = {
    scenario: 'bookings',
    target: 'memory',
    config: runConfigSchema.parse({}),
    generation: 2,
  };
  const subject = subjectOf(campaign);
  expect(subjectOf(structuredClone(campaign))).toBe(subject);
  for (const change of [
    { target: 'postgres' },
    { generation: 3 },
    { config: runConfigSchema.parse({ operations: 50 }) },
  ])
    expect(subjectOf({ ...campaign, ...change })).not.toBe(subject);
});
