/** What strategies promise of the orders that they pick. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../runner/sim/prng.ts';
import { pos } from '../../runner/sim/strategies/pos.ts';
import type { Strategy } from '../../runner/sim/strategies/strategy.ts';
import { surw } from '../../runner/sim/strategies/surw.ts';

interface Request {
  number: number;
  object: string | null;
  steps: number;
  call: { operation: string };
}

/** Requests about these objects, each of so many steps, are carried to their ends; tells whose turns they were. */
function turns(strategy: Strategy, objects: readonly (string | null)[], steps: number, first = 0): string {
  const ready: Request[] = objects.map((object, i) => ({
    ...{ number: first + i, object, steps: 0, call: { operation: 'book' } },
  }));
  let order = '';
  while (ready.length > 0) {
    const picked = ready[strategy.pick(ready)] as Request;
    order += picked.number - first;
    picked.steps++;
    if (picked.steps < steps) continue;
    strategy.done(picked);
    ready.splice(ready.indexOf(picked), 1);
  }
  return order;
}

function counted(orders: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const order of orders) counts.set(order, (counts.get(order) ?? 0) + 1);
  return counts;
}

describe('surw', () => {
  it('picks each order of the steps about one object as often as any other', () => {
    const strategy = surw.create(new Prng(1, 'schedule'));
    turns(strategy, ['slot'], 3);
    const orders = Array.from({ length: 10_000 }, (_, i) => turns(strategy, ['slot', 'slot'], 3, 1 + 2 * i));
    const counts = counted(orders);
    // 20 orders of 3 and 3 steps: a random walk picks `000111` four times as often as in its twentieth.
    expect(counts.size).toBe(20);
    for (const [order, count] of counts) {
      expect(count, order).toBeGreaterThan(400);
      expect(count, order).toBeLessThan(600);
    }
  });

  it('lets requests about other objects go on meanwhile', () => {
    const strategy = surw.create(new Prng(2, 'schedule'));
    const orders = Array.from({ length: 200 }, (_, i) => turns(strategy, ['a', 'b', null], 2, 3 * i));
    expect(counted(orders).size).toBeGreaterThan(40);
  });
});

describe('pos', () => {
  it('picks every order of steps that race', () => {
    const orders = Array.from({ length: 500 }, (_, seed) =>
      turns(pos.create(new Prng(seed, 'schedule')), ['slot', 'slot'], 2),
    );
    expect([...counted(orders).keys()].toSorted()).toEqual(['0011', '0101', '0110', '1001', '1010', '1100']);
  });

  it('draws once for a step that races with none, and anew for those that lost a race', () => {
    const drawsFor = (objects: readonly string[]) => {
      const prng = new Prng(3, 'schedule');
      const drawn = { count: 0 };
      const float = prng.float.bind(prng);
      prng.float = () => {
        drawn.count++;
        return float();
      };
      turns(pos.create(prng), objects, 2);
      return drawn.count;
    };
    expect(drawsFor(['a', 'b', 'c'])).toBe(6);
    expect(drawsFor(['a', 'a', 'a'])).toBeGreaterThan(6);
  });
});
