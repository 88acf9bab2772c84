import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Turns } from '../../server/access/turns.ts';

/** The end of a connection that an answer goes to. */
class Outgoing extends EventEmitter {
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

let turns: Turns;
let begun: string[];
beforeEach(() => {
  vi.useFakeTimers();
  turns = new Turns();
  begun = [];
});
afterEach(() => {
  vi.useRealTimers();
});

/** Asks for a turn; `begun` has its name once it has come. */
function ask(name: string, caller = 'reader'): Outgoing {
  const outgoing = new Outgoing();
  void turns.take(caller, outgoing as unknown as ServerResponse).then(() => begun.push(name));
  return outgoing;
}

const passed = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the turns of one caller', () => {
  test('come one after another, in the order of asking, and others do not wait for them', async () => {
    const first = ask('first');
    const second = ask('second');
    ask('third');
    ask('of another', 'another');
    await passed(0);
    expect(begun).toEqual(['first', 'of another']);
    first.emit('close');
    await passed(1);
    second.emit('close');
    await passed(1);
    expect(begun).toEqual(['first', 'of another', 'second', 'third']);
  });

  test('are as far apart as the turn before took, and not further than half a second', async () => {
    const first = ask('first');
    const second = ask('second');
    ask('third');
    await passed(200);
    first.emit('close');
    await passed(199);
    expect(begun).toEqual(['first']);
    await passed(1);
    expect(begun).toEqual(['first', 'second']);
    await passed(60_000);
    second.emit('close');
    await passed(499);
    expect(begun).not.toContain('third');
    await passed(1);
    expect(begun).toContain('third');
  });

  test('are there at once for who asks only after the answer', async () => {
    const first = ask('first');
    await passed(60_000);
    first.emit('close');
    ask('second');
    await passed(0);
    expect(begun).toEqual(['first', 'second']);
  });

  test('pass by who has gone, and are taken from who does not take the answer for two minutes', async () => {
    const first = ask('first');
    ask('gone').destroyed = true;
    ask('third');
    await passed(119_999);
    expect(first.destroyed).toBe(false);
    await passed(1);
    expect(first.destroyed).toBe(true);
    await passed(500);
    expect(begun).toContain('third');
  });

  test('are refused with 429 to the sixty-second at once', async () => {
    ask('first');
    for (let i = 0; i < 60; i++) ask('waiting');
    const refused = turns.take('reader', new Outgoing() as unknown as ServerResponse);
    await expect(refused).rejects.toMatchObject({ status: 429, headers: { 'Retry-After': '1' } });
  });
});
