import { expect, it } from 'vitest';
import { Prng } from '../../runner/sim/prng.ts';
import { TimerQueue } from '../../runner/sim/timer-queue.ts';

it('runs what is due in order of time, ties in order of insertion', () => {
  const prng = new Prng(3, 'world');
  const queue = new TimerQueue();
  const ran: [number, number][] = [];
  for (let i = 0; i < 500; i++) {
    const atMs = prng.below(50);
    queue.add(atMs, () => ran.push([atMs, i]));
  }
  queue.runDue(24);
  expect(ran.every(([atMs]) => atMs <= 24)).toBe(true);
  queue.runDue(100);
  expect(ran).toHaveLength(500);
  expect(ran).toEqual([...ran].sort(([a, i], [b, j]) => a - b || i - j));
  expect(queue.nextMs).toBe(Number.POSITIVE_INFINITY);
});

it('runs what was added by what ran, when that is due too', () => {
  const queue = new TimerQueue();
  const ran: string[] = [];
  queue.add(1, () => {
    ran.push('first');
    queue.add(1, () => ran.push('second'));
    queue.add(2, () => ran.push('late'));
  });
  queue.runDue(1);
  expect(ran).toEqual(['first', 'second']);
  expect(queue.size).toBe(1);
});
