import { describe, expect, it } from 'vitest';
import { ddmin, dropChunks, dropGroups, split } from '../../runner/shrink/ddmin.ts';
import { Prng } from '../../runner/sim/prng.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Fails when all of `needed` are there; counts how often it was asked. */
function needs(needed: readonly number[]) {
  let asked = 0;
  const fails = async (items: readonly number[]) => {
    asked++;
    return needed.every((item) => items.includes(item));
  };
  return { fails, asked: () => asked };
}

describe('ddmin', () => {
  it.each([[[5]], [[0, 99]], [[3, 50, 51, 97]], [upTo(8).map((i) => 12 * i)]])(
    'finds exactly what is needed: %j',
    async (needed) => {
      expect(await ddmin(upTo(100), needs(needed).fails)).toEqual(needed);
    },
  );

  it('finds that nothing is needed', async () => {
    expect(await ddmin(upTo(20), async () => true)).toEqual([]);
  });

  it('returns everything when everything is needed', async () => {
    expect(await ddmin(upTo(7), needs(upTo(7)).fails)).toEqual(upTo(7));
  });

  it('leaves a single needed item and an empty list as they are', async () => {
    expect(await ddmin([4], needs([4]).fails)).toEqual([4]);
    expect(await ddmin([], async () => false)).toEqual([]);
  });

  it('is 1-minimal for predicates that are not monotone', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const prng = new Prng(seed, 'campaign');
      const wanted = upTo(24).filter(() => prng.chance(0.3));
      // Also fails for no good reason on some lists, as runs do whose schedule is shifted.
      const fails = async (items: readonly number[]) =>
        wanted.every((item) => items.includes(item)) ||
        (items.length > 0 &&
          new Prng(seed, 'campaign', items.reduce((a, b) => a * 31 + b, 7) % 65_521).chance(0.02));
      const left = await ddmin(upTo(24), fails);
      for (const item of left) expect(await fails(left.filter((other) => other !== item))).toBe(false);
    }
  });

  it('needs few questions for one item among many', async () => {
    const { fails, asked } = needs([1_234]);
    await ddmin(upTo(4_096), fails);
    expect(asked()).toBeLessThan(60);
  });
});

describe('groups', () => {
  it('are dropped whole while the rest still fails', async () => {
    const evenAndOdd = [upTo(20).filter((i) => i % 2 === 0), upTo(20).filter((i) => i % 2 === 1)];
    const left = await dropGroups(upTo(20), evenAndOdd, needs([3, 7]).fails);
    expect(left).toEqual(evenAndOdd[1]);
  });
});

describe('chunks', () => {
  it('are dropped down to single items, in few tries where little is needed', async () => {
    const { fails, asked } = needs([12, 97]);
    expect(await dropChunks(upTo(100), 100, fails)).toEqual([12, 97]);
    expect(asked()).toBeLessThan(40);
  });

  it('are of what is left by then, so many at most', async () => {
    expect(await dropChunks(upTo(16), 4, needs([5]).fails)).toEqual([4, 5]);
  });
});

describe('split', () => {
  it('cuts into nearly equal chunks that together are the list', () => {
    expect(split(upTo(10), 3)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8, 9],
    ]);
    expect(split(upTo(2), 5)).toEqual([[0], [1]]);
  });
});
