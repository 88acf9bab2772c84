import { EventEmitter } from 'node:events';
import xterm from '@xterm/headless';
import { describe, expect, test } from 'vitest';
import { mount } from '../../cli/tui/mount.tsx';
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

describe('the screen', () => {
  test('shows the newest picture, whatever came before', async () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    screen.inkStdout.write('a long first line\nsecond\nthird\nfourth');
    screen.inkStdout.write('short\nsecond');
    expect(await shownBy(written)).toEqual(['short', 'second', '', '']);
  });

  test('keeps the last column of full lines and uses the last row', async () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    const full = 'x'.repeat(20);
    screen.enter();
    screen.inkStdout.write([full, full, full, full].join('\n'));
    expect(await shownBy(written)).toEqual([full, full, full, full]);
  });

  test('writes only what differs, and nothing when nothing does', () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    screen.inkStdout.write('one\ntwo');
    const before = written.length;
    screen.inkStdout.write('one\ntwo');
    expect(written).toHaveLength(before);
    screen.inkStdout.write('one\n2');
    expect(written.at(-1)).not.toContain('one');
  });

  test('skips pictures while the terminal is busy, and shows the newest after', async () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    stream.writableNeedDrain = true;
    for (let i = 0; i < 100; i++) screen.inkStdout.write(`picture ${i}`);
    expect(written).toHaveLength(1);
    stream.writableNeedDrain = false;
    stream.emit('drain');
    expect(written).toHaveLength(2);
    expect((await shownBy(written))[0]).toBe('picture 99');
  });

  test('draws nothing once it was left, however often that is', () => {
    const { stream, written } = fakeTerminal();
    const screen = createScreen(stream);
    screen.enter();
    screen.leave();
    screen.leave();
    screen.inkStdout.write('late');
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
  const mounted = mount(createScreen(stream), broken, () => {});
  await expect(mounted.crashed).rejects.toThrow();
});
