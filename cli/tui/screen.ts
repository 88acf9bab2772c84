/**
 * The alternate screen. Pictures come whole and only the cells that differ are written, so that the
 * last row can be used, nothing ever scrolls, and a slow terminal skips pictures instead of queueing them.
 */
import type { Canvas } from './paint/canvas.ts';
import { differences } from './paint/differences.ts';
import { createPalette, type Palette } from './paint/palette.ts';
import type { Size } from './state/state.ts';

// Pastes come marked (?2004), so that they are told from keys that are typed fast.
const ENTER = '\u001b[?1049h\u001b[2J\u001b[H\u001b[?25l\u001b[?7l\u001b[?2004h';
const LEAVE = '\u001b[?2004l\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
/** Buttons, wheel and what moves with a button held (1002), in decimal numbers (1006). */
const MOUSE = { on: '\u001b[?1002h\u001b[?1006h', off: '\u001b[?1006l\u001b[?1002l' } as const;
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
  /** True when the mouse is listened to, which takes copying from the terminal. */
  readonly hasMouse: boolean;
  size(): Size;
  /** Takes the terminal, the first time or again; the newest picture is drawn again. */
  enter(): void;
  /** Puts the terminal back as it was; more than once is no harm. */
  leave(): void;
  /** Shows a picture, now or as soon as the terminal takes it. */
  draw(picture: Canvas): void;
  /** Draws everything anew with the next picture. */
  invalidate(): void;
  /** Sends what is no picture: a sequence of the app's own making, such as a copy to the clipboard. */
  send(sequence: string): void;
  onResize(listener: () => void): () => void;
}

export interface ScreenLooks {
  palette?: Palette;
  /** What a terminal gets that cannot show more than ASCII. */
  spell?: (text: string) => string;
  hasMouse?: boolean;
}

/** A screen on `terminal`. */
export function createScreen(
  terminal: TerminalStream,
  { palette = createPalette({ colors: true }), spell = (text) => text, hasMouse = false }: ScreenLooks = {},
): Screen {
  let newest: Canvas | null = null;
  let drawn: Canvas | null = null;
  let waiting: Canvas | null = null;
  let active = false;
  let cleared = false;

  const size = (): Size => ({ columns: terminal.columns || 80, rows: terminal.rows || 24 });
  const draw = (picture: Canvas) => {
    newest = picture;
    if (!active) return;
    if (terminal.writableNeedDrain) {
      if (waiting === null) terminal.once('drain', drawWaiting);
      waiting = picture;
      return;
    }
    const anew = cleared || drawn === null || !isSameSize(drawn, picture);
    const changes = differences(anew ? null : drawn, picture, palette);
    const text = anew ? `\u001b[0m\u001b[2J${changes}` : changes;
    cleared = false;
    drawn = picture;
    if (text !== '') terminal.write(BEGIN_PICTURE + spell(text) + END_PICTURE);
  };
  const drawWaiting = () => {
    const picture = waiting;
    waiting = null;
    if (picture !== null) draw(picture);
  };

  return {
    hasMouse,
    size,
    draw,
    enter() {
      active = true;
      drawn = null;
      terminal.write(hasMouse ? ENTER + MOUSE.on : ENTER);
      if (newest !== null) draw(newest);
    },
    leave() {
      if (!active) return;
      active = false;
      terminal.write(hasMouse ? MOUSE.off + LEAVE : LEAVE);
    },
    invalidate() {
      cleared = true;
    },
    send(sequence) {
      if (active) terminal.write(sequence);
    },
    onResize(listener) {
      terminal.on('resize', listener);
      return () => terminal.off('resize', listener);
    },
  };
}

function isSameSize(a: Canvas, b: Canvas): boolean {
  return a.columns === b.columns && a.rows === b.rows;
}
