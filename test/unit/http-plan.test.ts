/** The parts that decide what happens on the wire: words of a command, phases, faults, keys. */
import { describe, expect, it } from 'vitest';
import { GroupCursor, numberOf } from '../../runner/harness/live/group-cursor.ts';
import { KeyMemory } from '../../runner/harness/live/key-memory.ts';
import { phaseOf } from '../../runner/harness/live/phases.ts';
import { commandWords } from '../../runner/targets/http/command-words.ts';
import { WireFaultInjector } from '../../runner/targets/http/faults.ts';
import { CONTRACT_RULES } from '../../server/contract/index.ts';

describe('a command', () => {
  it.each([
    ['node a.ts --port 80', ['node', 'a.ts', '--port', '80']],
    [`  sh -c 'echo "$A" | b'  `, ['sh', '-c', 'echo "$A" | b']],
    [`"my node" a\\ b c"d"'e' ""`, ['my node', 'a b', 'cde', '']],
    [`"say \\"hi\\" \\n"`, ['say "hi" \\n']],
  ])('%s is split into words', (command, words) => {
    expect(commandWords(command)).toEqual(words);
  });

  it('is refused when a quote stays open or nothing is left', () => {
    expect(() => commandWords(`node 'a`)).toThrow('open quote');
    expect(() => commandWords('  ')).toThrow('empty');
  });
});

describe('the phases', () => {
  it.each([1, 7, 300, 1_000, 2_345])('cover every group of a run of %i operations', (operations) => {
    for (let g = 0; g < operations; g++) {
      const { begins, ends } = phaseOf(g, operations, true);
      expect(begins <= g && g < ends, `group ${g}: ${begins} to ${ends}`).toBe(true);
    }
  });

  it('come all in a run of the usual length, and again in a longer one', () => {
    const names = (groups: number, kills: boolean) => {
      const places = Array.from({ length: groups }, (_, g) => phaseOf(g, 2_000, kills));
      return [...new Set(places.map(({ number, phase }) => `${number} ${phase.name}`))];
    };
    expect(names(400, true)).toHaveLength(10);
    expect(names(400, false)).toHaveLength(8);
    expect(names(400, false).join()).not.toContain('restart');
  });
});

describe('the cursor', () => {
  it('takes every group in turn, or those of the requests that a reduction keeps', () => {
    const all = new GroupCursor(null);
    expect([all.next(), all.next(), all.keeps(7)]).toEqual([0, 1, true]);
    const kept = new GroupCursor([numberOf(3, 0, 1, 0), numberOf(9, 1, 0, 2), numberOf(3, 0, 0, 0)]);
    expect([kept.next(), kept.next(), kept.next()]).toEqual([3, 9, null]);
    expect([kept.keeps(numberOf(9, 1, 0, 2)), kept.keeps(numberOf(9, 1, 0, 1))]).toEqual([true, false]);
  });

  it('gives every request of a group a number of its own', () => {
    const numbers = new Set<number>();
    for (let wave = 0; wave < 10; wave++)
      for (let place = 0; place < 16; place++)
        for (let depth = 0; depth < 10; depth++) numbers.add(numberOf(5, wave, place, depth));
    expect(numbers.size).toBe(1_600);
  });
});

describe('the faults on the wire', () => {
  it('are the same for a seed whatever was drawn before, and none once healed', () => {
    const rates = {
      'drop-response': 0.3,
      'drop-request': 0.2,
      delay: 0.2,
      reorder: 0.2,
      'duplicate-request': 0.2,
    };
    const one = new WireFaultInjector(5, rates);
    const two = new WireFaultInjector(5, rates);
    two.draw(1, 0, 1);
    expect(one.draw(17, 1, 2)).toEqual(two.draw(17, 1, 2));
    const struck = one.draw(17, 1, 4);
    const muted = new WireFaultInjector(5, rates, ['17.1.delay', '17.1.drop-response', '17.1.drop-request']);
    expect(muted.draw(17, 1, 4)).toEqual({ ...struck, cut: null, delayMs: null, splitMs: null });
    one.heal();
    for (let n = 0; n < 50; n++)
      expect(one.draw(n, 0, 4)).toMatchObject({ cut: null, duplicateAfterMs: null });
  });
});

describe('the memory of keys', () => {
  const call = { operation: 'book', slot: 's', citizen: 'c', key: 'k' } as const;

  it('forgets a key some operations after its last use, and not while it may be used', () => {
    const forgotten: number[] = [];
    let mayRepeat = true;
    const keys = new KeyMemory({
      rules: CONTRACT_RULES,
      now: () => 0,
      forget: () => forgotten.push(1),
      mayRepeat: () => mayRepeat,
    });
    keys.used(call, []);
    keys.done(call, 0);
    keys.sweep(1_000);
    expect([keys.knows(call), forgotten.length]).toEqual([true, 0]);
    mayRepeat = false;
    keys.used(call, []);
    keys.done(call, 1_000);
    keys.sweep(1_010);
    keys.used({ ...call }, []);
    keys.sweep(1_100);
    expect(keys.knows(call)).toBe(true);
    keys.done(call, 1_100);
    keys.sweep(1_200);
    expect([keys.knows(call), forgotten.length]).toEqual([false, 1]);
  });

  it('knows no key that the service may have forgotten, and tells how old repeated ones were', () => {
    let nowMs = 0;
    const about = { now: () => nowMs, forget: () => undefined, mayRepeat: () => true };
    const seconds = new KeyMemory({ ...about, rules: { ...CONTRACT_RULES, keyTtl: { seconds: 20 } } });
    seconds.used(call, []);
    nowMs = 19_000;
    expect(seconds.knows(call)).toBe(true);
    seconds.used({ ...call }, []);
    expect(seconds.repeated).toEqual({ oldestMs: 19_000, oldestKeys: 0 });
    nowMs = 19_600;
    expect(seconds.knows(call)).toBe(false);

    const keys = new KeyMemory({ ...about, rules: { ...CONTRACT_RULES, keyTtl: { keys: 2 } } });
    keys.used(call, []);
    keys.used({ ...call, key: 'k2' }, []);
    expect(keys.knows(call)).toBe(true);
    keys.used({ ...call, key: 'k3' }, []);
    expect(keys.knows(call)).toBe(false);
  });
});
