/** The parts that decide what happens on the wire: words of a command, phases, faults, keys. */
import { describe, expect, it } from 'vitest';
import { KeyMemory } from '../../runner/harness/live/key-memory.ts';
import { phaseOf } from '../../runner/harness/live/phases.ts';
import { commandWords } from '../../runner/targets/http/command-words.ts';
import { WireFaultPlan } from '../../runner/targets/http/faults.ts';

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
  it.each([1, 7, 300, 1_000, 2_345])('cover every operation of a run of %i', (operations) => {
    for (let n = 0; n < operations; n++) expect(phaseOf(n, operations).ends).toBeGreaterThan(n);
  });

  it('come all in a run of the usual length, and again in a longer one', () => {
    const names = Array.from({ length: 2_000 }, (_, n) => phaseOf(n, 2_000)).map(
      ({ number, phase }) => `${number} ${phase.name}`,
    );
    expect([...new Set(names)]).toHaveLength(10);
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
    const one = new WireFaultPlan(5, rates);
    const two = new WireFaultPlan(5, rates);
    two.draw(1, 0, 1);
    expect(one.draw(17, 1, 2)).toEqual(two.draw(17, 1, 2));
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
    const keys = new KeyMemory(
      () => forgotten.push(1),
      () => mayRepeat,
    );
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
});
