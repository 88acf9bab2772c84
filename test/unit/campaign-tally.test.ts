/** The sum of what seeds came to: the same however they are cut, and in whatever order the parts are put together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emptyTally,
  formatSignature,
  mergeTallies,
  type SeedFailure,
  type Tally,
  tallyOf,
  tallySchema,
} from '../../server/contract/index.ts';

interface Seed {
  seed: number;
  operations: number;
  reached: string[];
  invariant: string | null;
}

const seeds: fc.Arbitrary<Seed[]> = fc.uniqueArray(
  fc.record({
    seed: fc.nat(10_000),
    operations: fc.nat(2_000),
    reached: fc.uniqueArray(fc.constantFrom('a hold ran out', 'a seat was given twice', 'a retry')),
    invariant: fc.option(fc.constantFrom('no-overbooking', 'unique-booking', 'per-object-history')),
  }),
  { selector: ({ seed }) => seed, maxLength: 60 },
);

function failureOf({ seed, operations, invariant }: Seed): SeedFailure[] {
  if (invariant === null) return [];
  const signature = { kind: 'invariant' as const, invariant, operation: null };
  return [{ seed, operations, signature, message: `seed ${seed}` }];
}

function tallyOfSeeds(part: readonly Seed[]): Tally {
  const reached = Object.fromEntries(
    [...new Set(part.flatMap((seed) => seed.reached))].map((name) => [
      name,
      part.filter((seed) => seed.reached.includes(name)).length,
    ]),
  );
  const operations = part.reduce((sum, seed) => sum + seed.operations, 0);
  const through = {
    seeds: part.map(({ seed }) => seed),
    failures: part.flatMap(failureOf),
    operations,
    reached,
  };
  return part.length === 0 ? emptyTally() : tallyOf(through, part.length);
}

/** Every seed in one of the parts. */
function parted(all: readonly Seed[], cuts: readonly number[]): Seed[][] {
  const parts: Seed[][] = Array.from({ length: 8 }, () => []);
  for (const [i, seed] of all.entries()) parts[(cuts[i] ?? 0) % parts.length]?.push(seed);
  return parts;
}

describe('the sum of what seeds came to', () => {
  it('is the same for every partition, order and grouping', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.array(fc.nat(7), { maxLength: 60 }),
        fc.infiniteStream(fc.nat()),
        (all, cuts, random) => {
          const whole = tallyOfSeeds(all);
          const parts = parted(all, cuts).map(tallyOfSeeds);
          while (parts.length > 1) {
            const [one] = parts.splice((random.next().value ?? 0) % parts.length, 1);
            const at = (random.next().value ?? 0) % parts.length;
            const other = parts[at] ?? emptyTally();
            parts[at] =
              (random.next().value ?? 0) % 2 === 0
                ? mergeTallies(one ?? emptyTally(), other)
                : mergeTallies(other, one ?? emptyTally());
          }
          expect(parts[0]).toEqual(whole);
          expect(tallySchema.parse(whole)).toEqual(whole);
        },
      ),
    );
  });

  it('tells failures apart by what broke, and keeps the seed that failed soonest, the lowest of those', () => {
    const one = (seed: number, operations: number, invariant = 'no-overbooking') =>
      tallyOfSeeds([{ seed, operations, invariant, reached: [] }]);
    const all = [one(9, 40), one(4, 40), one(2, 90), one(7, 0, 'unique-booking')].reduce(
      mergeTallies,
      emptyTally(),
    );
    expect(all.through).toEqual([
      [2, 2],
      [4, 4],
      [7, 7],
      [9, 9],
    ]);
    expect(all.failures.map(({ signature, ...rest }) => [formatSignature(signature), rest])).toEqual([
      [
        'invariant/no-overbooking',
        {
          seeds: 3,
          firstSeed: 2,
          seed: 4,
          operations: 40,
          message: 'seed 4',
          operationsUntil: [0, 0, 0, 0, 0, 2, 1],
        },
      ],
      [
        'invariant/unique-booking',
        { seeds: 1, firstSeed: 7, seed: 7, operations: 0, message: 'seed 7', operationsUntil: [1] },
      ],
    ]);
  });
});
