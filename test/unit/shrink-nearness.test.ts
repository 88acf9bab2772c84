import { describe, expect, it } from 'vitest';
import { emptyTrace, type RecordedCall } from '../../runner/harness/trace.ts';
import { brokenBy, byNearness } from '../../runner/shrink/nearness.ts';
import type { Forensic } from '../../server/contract/index.ts';

const asked = (n: number, actor: string, call: Record<string, string>): RecordedCall => ({
  n,
  actor,
  call: call as unknown as RecordedCall['call'],
  answers: {},
});

describe('nearness to a failure', () => {
  const calls = [
    asked(1, 'ada', { operation: 'hold', event: 'e1', order: 'o-1' }),
    asked(2, 'bob', { operation: 'hold', event: 'e1', order: 'o-2' }),
    asked(3, 'cyd', { operation: 'hold', event: 'e2', order: 'o-3' }),
    asked(4, 'pay', { operation: 'pay', event: 'e1', order: 'o-1' }),
    asked(5, 'dee', { operation: 'read', event: 'e1' }),
    asked(6, 'ada', { operation: 'refund', event: 'e1', order: 'o-1' }),
  ];
  const forensic = { operation: { op: 9, ...calls[5]?.call, actor: 'ada' } } as unknown as Forensic;
  const execution = { forensic, events: [], trace: { ...emptyTrace(), calls } };

  it('begins with the operation whose answer broke it, the newest of those that asked the same', () => {
    expect(brokenBy(execution)).toBe(6);
    const again = { ...emptyTrace(), calls: [...calls, { ...(calls[5] as RecordedCall), n: 8 }] };
    expect(brokenBy({ ...execution, trace: again })).toBe(8);
    expect(brokenBy({ ...execution, forensic: null })).toBeNull();
  });

  it('goes on with what shares the rarest names, then what is about the same object, then the rest', () => {
    expect(byNearness(execution)).toEqual([6, 1, 4, 5, 2, 3]);
  });

  it('takes an answer that names very much for a look at everything', () => {
    const value = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, `o-${i}`]));
    const look = { ...(calls[2] as RecordedCall), answers: { '3.0': { outcome: 'ok' as const, value } } };
    const trace = { ...emptyTrace(), calls: calls.map((call) => (call.n === 3 ? look : call)) };
    expect(byNearness({ ...execution, trace }).at(-1)).toBe(3);
  });
});
