import { describe, expect, test } from 'vitest';
import type { Context, LeaveSignal } from '../../cli/process/context.ts';
import { createStopping } from '../../cli/process/stopping.ts';

/** A process of which only signals and leaving matter. */
function fakeProcess() {
  const leaving = new AbortController();
  const handlers: ((signal: LeaveSignal) => void)[] = [];
  const left: number[] = [];
  const known: Partial<Context> = {
    leaving: leaving.signal,
    onSignal: (handler) => {
      handlers.push(handler);
      return () => handlers.splice(handlers.indexOf(handler), 1);
    },
    leave: (exitCode) => {
      left.push(exitCode);
      leaving.abort(exitCode);
    },
  };
  return { context: known as Context, handlers, left };
}

describe('work that is told to stop', () => {
  test('is told the same by a call as by Ctrl-C', () => {
    const { context, handlers, left } = fakeProcess();
    const { onStop, stop } = createStopping(context);
    let told = 0;
    onStop(() => told++);
    stop();
    handlers.at(-1)?.('SIGINT');
    expect(told).toBe(2);
    expect(left).toEqual([]);
  });

  test('is the newest, and not what has ended', () => {
    const { context, handlers } = fakeProcess();
    const { onStop, stop } = createStopping(context);
    const told: string[] = [];
    const undo = [onStop(() => told.push('first')), onStop(() => told.push('second'))];
    stop();
    undo[1]?.();
    stop();
    expect(told).toEqual(['second', 'first']);
    undo[0]?.();
    expect(handlers).toEqual([]);
  });

  test('that there is none of leaves, and so does what is leaving already', () => {
    const { context, left } = fakeProcess();
    const { onStop, stop } = createStopping(context);
    stop();
    onStop(() => {
      throw new Error('told although it leaves');
    });
    stop();
    expect(left).toEqual([130, 130]);
  });
});
