import { expect, it } from 'vitest';
import { storyOf } from '../../runner/shrink/story.ts';
import type { RunEvent } from '../../server/contract/index.ts';

const at = '2025-11-22T00:00:00.000Z';
const event = (type: string, actor: string, data: Record<string, unknown>): RunEvent => ({
  index: 0,
  at,
  virtualMs: 1,
  type,
  actor,
  data,
});

it('tells who asked, what struck, what was answered, and what broke', () => {
  const call = { slot: 'slot-1', citizen: 'ann', key: 'k-3' };
  const story = storyOf([
    event('start', 'city', {}),
    event('book.invoke', 'ann', { op: 0, ...call }),
    event('fault', 'chaos', { name: 'drop-response', operation: 'book', slot: 'slot-1', op: 0 }),
    event('book.unknown', 'ann', { op: 0, slot: 'slot-1', cause: 'no answer' }),
    event('book.invoke', 'ann', { op: 1, ...call, retryOf: 0 }),
    event('book.refused', 'ann', { op: 1, slot: 'slot-1', latencyMs: 2.1, reason: 'already-booked' }),
    event('violation', 'city', { op: 1, invariant: 'per-object-history', message: 'that cannot be' }),
    event('end', 'city', {}),
  ]);
  expect(
    story.map(({ step, actor, operation, what, answer }) => [step, actor, operation, what, answer]),
  ).toEqual([
    [1, 'ann', 'book slot-1 ann k-3', 'asks', ''],
    [2, 'chaos', 'book slot-1 ann k-3', 'drop-response', ''],
    [3, 'ann', 'book slot-1 ann k-3', 'no answer', 'no answer'],
    [4, 'ann', 'book slot-1 ann k-3', 'asks again', ''],
    [5, 'ann', 'book slot-1 ann k-3', 'refused', 'already-booked'],
    [6, 'city', 'book slot-1 ann k-3', 'breaks per-object-history', 'that cannot be'],
  ]);
});
