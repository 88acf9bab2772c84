/** Progress on stderr: one line that is drawn over on a terminal, else a line now and then. */
import { type Context, wantsColor } from '../process/context.ts';
import { truncate } from '../terminal/columns.ts';
import { styleFor } from './style.ts';

export interface ProgressLine {
  /** Shows the text; must be safe already. */
  show(text: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** Between two pictures on a terminal, and between two lines elsewhere, in ms. */
const DRAW_EVERY_MS = 80;
const LINE_EVERY_MS = 5_000;
/** Fits on the terminals that there are; a line that wraps could not be drawn over. */
const WIDEST = 78;

/** `now`: a clock in ms. */
export function progressLine(context: Context, now: () => number = Date.now): ProgressLine {
  const draws = context.isTerminal.stderr && context.env['TERM'] !== 'dumb';
  const style = styleFor(wantsColor(context, 'stderr'));
  let shownAt = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    show(text) {
      if (now() - shownAt < (draws ? DRAW_EVERY_MS : LINE_EVERY_MS)) return;
      shownAt = now();
      drawn = draws;
      context.err(draws ? `\r\u001b[K${truncate(text, WIDEST)}` : `${style.dim(`simcity: ${text}`)}\n`);
    },
    clear() {
      if (drawn) context.err('\r\u001b[K');
      drawn = false;
    },
  };
}

/** A bar of `width` cells. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}
