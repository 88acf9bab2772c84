import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../cli/process/context.ts';
import { createStore, type Model, type Program, type Running, show } from '../../cli/tui/program.ts';
import { createScreen } from '../../cli/tui/screen.ts';

interface Count extends Model {
  count: number;
}
type Message = { type: 'add' } | { type: 'ask' } | { type: 'leave' };

const INIT: Count = { count: 0, size: { columns: 20, rows: 4 }, effects: [], leaving: null };

/** A program that counts, and what it did. */
function counting(init: Count = INIT) {
  const stream = Object.assign(new EventEmitter(), {
    ...{ columns: 20, rows: 4, writableNeedDrain: false },
    write: () => true,
  });
  const leaving = new AbortController();
  const known: Partial<Context> = { leaving: leaving.signal };
  const done: number[] = [];
  const ended: string[] = [];
  const begun = Promise.withResolvers<Running<Count, Message>>();
  const program: Program<Count, Message> = {
    init,
    update(model, message) {
      if (message.type === 'add') return { ...model, count: model.count + 1 };
      if (message.type === 'resize') return { ...model, size: message.size };
      if (message.type === 'leave') return { ...model, leaving: 'out' };
      const number = (model.effects.at(-1)?.number ?? 0) + 1;
      return { ...model, effects: [...model.effects, { number }] };
    },
    view: () => null,
    subscriptions(running) {
      begun.resolve(running);
      return [() => ended.push('first'), () => ended.push('second')];
    },
    effects: ({ number }) => void done.push(number),
    patience: () => 0,
  };
  return {
    ...{ context: known as Context, screen: createScreen(stream), program },
    ...{ stream, leaving, done, ended, begun: begun.promise },
  };
}

describe('a program', () => {
  test('is updated by messages and the size of the screen, and ends its subscriptions when it leaves', async () => {
    const { context, screen, program, stream, ended, begun } = counting();
    const shown = show(context, screen, program);
    const { send, closing } = await begun;
    send({ type: 'add' });
    Object.assign(stream, { columns: 33 });
    stream.emit('resize');
    expect(ended).toEqual([]);
    send({ type: 'leave' });
    expect(await shown).toMatchObject({ count: 1, size: { columns: 33, rows: 4 }, leaving: 'out' });
    expect(closing.aborted).toBe(true);
    expect(ended).toEqual(['first', 'second']);
  });

  test('does each effect once, those of its beginning first', async () => {
    const { context, screen, program, done, begun } = counting({ ...INIT, effects: [{ number: 1 }] });
    const shown = show(context, screen, program);
    const { send } = await begun;
    for (const type of ['ask', 'add', 'ask', 'leave'] as const) send({ type });
    await shown;
    expect(done).toEqual([1, 2, 3]);
  });

  test('goes on in a store that is kept, and does nothing again when it is shown again', async () => {
    const { context, screen, program, done, begun } = counting();
    const store = createStore(program);
    const shown = show(context, screen, program, store);
    await begun;
    store.send({ type: 'ask' });
    store.send({ type: 'leave' });
    await shown;
    store.send({ type: 'add' });
    const again = counting(store.model());
    const shownAgain = show(again.context, again.screen, again.program, store);
    again.leaving.abort();
    expect(await shownAgain).toMatchObject({ count: 1 });
    expect([done, again.done]).toEqual([[1], []]);
  });

  test('fails with what one of its subscriptions fails with', async () => {
    const { context, screen, program, ended, begun } = counting();
    const shown = show(context, screen, program);
    (await begun).fail(new Error('the server refuses'));
    await expect(shown).rejects.toThrow('the server refuses');
    expect(ended).toEqual(['first', 'second']);
  });
});
