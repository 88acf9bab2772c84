/**
 * The alternate screen. Ink hands over whole pictures and this draws the lines that differ, so that the
 * last row can be used, nothing ever scrolls, and a slow terminal skips pictures instead of queueing them.
 */
import { EventEmitter } from 'node:events';
import { textWidth } from '../safe-text.ts';
import type { Size } from './state/state.ts';

const ENTER = '\u001b[?1049h\u001b[2J\u001b[H\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
/** Terminals that know it show the picture at once; others ignore it. */
const BEGIN_PICTURE = '\u001b[?2026h';
const END_PICTURE = '\u001b[?2026l';

/** The part of a terminal stream that is used. */
export interface TerminalStream {
  columns?: number;
  rows?: number;
  writableNeedDrain?: boolean;
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

export interface Screen {
  /** What Ink takes for its stdout. */
  readonly inkStdout: NodeJS.WriteStream;
  size(): Size;
  enter(): void;
  /** Puts the terminal back as it was; more than once is no harm. */
  leave(): void;
  /** Draws everything anew with the next picture. */
  invalidate(): void;
  onResize(listener: () => void): () => void;
}

/** A screen on `terminal`. */
export function createScreen(terminal: TerminalStream): Screen {
  let drawn: string[] = [];
  let waiting: string | null = null;
  let active = false;
  let cleared = false;

  const size = (): Size => ({ columns: terminal.columns || 80, rows: terminal.rows || 24 });
  const draw = (picture: string) => {
    if (!active) return;
    if (terminal.writableNeedDrain) {
      if (waiting === null) terminal.once('drain', drawWaiting);
      waiting = picture;
      return;
    }
    const lines = picture.split('\n').slice(0, size().rows);
    const changes = cleared ? '\u001b[2J' : '';
    const text = changes + differences(cleared ? [] : drawn, lines, size());
    cleared = false;
    drawn = lines;
    if (text !== '') terminal.write(BEGIN_PICTURE + text + END_PICTURE);
  };
  const drawWaiting = () => {
    const picture = waiting;
    waiting = null;
    if (picture !== null) draw(picture);
  };

  return {
    inkStdout: inkStream(draw, size),
    size,
    enter() {
      active = true;
      drawn = [];
      terminal.write(ENTER);
    },
    leave() {
      if (!active) return;
      active = false;
      terminal.write(LEAVE);
    },
    invalidate() {
      cleared = true;
    },
    onResize(listener) {
      terminal.on('resize', listener);
      return () => terminal.off('resize', listener);
    },
  };
}

function differences(before: readonly string[], after: readonly string[], { columns, rows }: Size): string {
  let text = '';
  for (let row = 0; row < rows; row++) {
    const line = after[row] ?? '';
    if (line === (before[row] ?? '')) continue;
    // Erasing after a full line would erase its last character on some terminals.
    const erase = textWidth(line) < columns ? '\u001b[K' : '';
    text += `\u001b[${row + 1};1H${line}\u001b[0m${erase}`;
  }
  return text;
}

/** In its debug mode Ink writes each picture whole, in one call; nothing else is asked of the stream. */
function inkStream(draw: (picture: string) => void, size: () => Size): NodeJS.WriteStream {
  const stream = Object.assign(new EventEmitter(), {
    isTTY: false,
    write: (text: string, done?: unknown) => {
      if (text !== '') draw(text);
      if (typeof done === 'function') done();
      return true;
    },
  });
  Object.defineProperties(stream, {
    columns: { get: () => size().columns },
    rows: { get: () => size().rows },
  });
  return stream as unknown as NodeJS.WriteStream;
}
