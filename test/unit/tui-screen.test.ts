import { EventEmitter } from 'node:events';
import xterm from '@xterm/headless';
import { createElement } from 'react';
import { describe, expect, test } from 'vitest';
import { App } from '../../cli/tui/app.tsx';
import { mount } from '../../cli/tui/mount.tsx';
import { Canvas } from '../../cli/tui/paint/canvas.ts';
import { line, span } from '../../cli/tui/paint/line.ts';
import { createScreen } from '../../cli/tui/screen.ts';
import { initialState } from '../../cli/tui/state/state.ts';
import { recordedRun } from '../helpers/recorded-run.ts';

function fakeTerminal(columns = 20, rows = 4) {
  const written: string[] = [];
  const stream = Object.assign(new EventEmitter(), {
    columns,
    rows,
    writableNeedDrain: false,
    write: (text: string) => {
      written.push(text);
      return true;
    },
  });
  return { stream, written };
}

async function shownBy(written: string[], columns = 20, rows = 4): Promise<string[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(written.join(''), resolve));
  return Array.from(
    { length: rows },
    (_, i) => terminal.buffer.active.getLine(i)?.translateToString(true) ?? '',
  );
}

/** A picture of the size of the fake terminal. */
function picture(...rows: string[]): Canvas {
  const canvas = new Canvas(20, 4);
  for (const [y, text] of rows.entries()) canvas.draw(0, y, line(text), 20);
  return canvas;
}

describe('the screen', () => {
  test('shows the newest picture, whatever came before', async () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    screen.draw(picture('a long first line', 'second', 'third', 'fourth'));
    screen.draw(picture('short', 'second'));
    expect(await shownBy(written)).toEqual(['short', 'second', '', '']);
  });

  test('keeps the last column of full lines and uses the last row', async () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    const full = 'x'.repeat(20);
    screen.enter();
    screen.draw(picture(full, full, full, full));
    expect(await shownBy(written)).toEqual([full, full, full, full]);
  });

  test('writes only what differs, and nothing when nothing does', () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    screen.draw(picture('one', 'two'));
    const before = written.length;
    screen.draw(picture('one', 'two'));
    expect(written).toHaveLength(before);
    screen.draw(picture('one', '2'));
    expect(written.at(-1)).not.toContain('one');
  });

  test('skips pictures while the terminal is busy, and shows the newest after', async () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    stream.writableNeedDrain = true;
    for (let i = 0; i < 100; i++) screen.draw(picture(`picture ${i}`));
    expect(written).toHaveLength(1);
    stream.writableNeedDrain = false;
    stream.emit('drain');
    expect(written).toHaveLength(2);
    expect((await shownBy(written))[0]).toBe('picture 99');
  });

  test('a change in one cell writes little, and wide characters stay whole', async () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    screen.draw(picture('abcdefghijklmnopqrst', '日本語 text'));
    screen.draw(picture('abcdefghiXklmnopqrst', '日x語 text'));
    expect(written.at(-1)?.length).toBeLessThan(100);
    expect((await shownBy(written)).slice(0, 2)).toEqual(['abcdefghiXklmnopqrst', '日x語 text']);
    screen.draw(picture('abcdefghiXklmnopqrst', 'a日本語'));
    expect((await shownBy(written))[1]).toBe('a日本語');
  });

  test('whatever is drawn, only its own escape codes are written', () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    const canvas = new Canvas(20, 4);
    canvas.draw(0, 0, [span('\u001b[2J\u0007\u009b\u202e')], 20);
    screen.draw(canvas);
    expect(written.at(-1)).not.toMatch(/[\u0007\u009b\u202e]/);
    expect(written.at(-1)).toContain('␛[2J␇');
  });

  test('draws nothing once it was left, however often that is', () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    screen.leave();
    screen.leave();
    screen.draw(picture('late'));
    expect(written).toHaveLength(2);
    expect(written[1]).toContain('\u001b[?1049l');
  });
});

test('a crash while drawing is told to whoever mounted', async () => {
  const { stream } = fakeTerminal(80, 24);
  const size = { columns: 80, rows: 24 };
  const whole = initialState({
    run: recordedRun(),
    size,
    nowMs: 0,
    owns: true,
    hosted: false,
    exitOnEnd: false,
  });
  const broken = { ...whole, data: null } as unknown as typeof whole;
  const mounted = mount(createScreen(stream), createElement(App, { state: broken, onStroke: () => {} }));
  await expect(mounted.crashed).rejects.toThrow();
});
