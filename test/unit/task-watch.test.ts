import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { tasksOf, watchTask } from '../../cli/run/task-watch.ts';
import type { Explanation } from '../../server/contract/index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pending = (executions: number): Explanation => ({
  state: 'pending',
  progress: { stage: 'probing', executions, operations: null, seconds: 0 },
});
const ready = { state: 'ready', result: { sentence: 'two clashed' } } as unknown as Explanation;

it('tells each change once, survives a reading that fails, and ends when it is ready', async () => {
  const answers = [null, pending(1), pending(1), new Error('away'), pending(2), ready, pending(3)];
  let readings = 0;
  const seen: (Explanation | null)[] = [];
  watchTask<'explain'>(
    async () => {
      const answer = answers[readings++] ?? null;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    (task) => seen.push(task),
  );
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen).toEqual([pending(1), pending(2), ready]);
  expect(readings).toBe(6);
});

it('looks again after there was none, at once when it is told to, and never once it is closed', async () => {
  let readings = 0;
  const watch = watchTask<'explain'>(
    async () => {
      readings++;
      return { state: 'none', reason: 'cancelled' };
    },
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(0);
  expect(readings).toBe(1);
  watch.look();
  await vi.advanceTimersByTimeAsync(0);
  expect(readings).toBe(2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(readings).toBe(3);
  watch.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(readings).toBe(3);
});

it('lets a failure be explained, made small, executed again and bisected, another end only executed again, a loss nothing', () => {
  expect(tasksOf('FAIL')).toEqual(['explain', 'shrink', 'verify', 'bisect']);
  expect([tasksOf('PASS'), tasksOf('STOPPED')]).toEqual([['verify'], ['verify']]);
  expect([tasksOf('RUNNING'), tasksOf('LOST'), tasksOf('ADAPTER ERROR')]).toEqual([[], [], []]);
});
