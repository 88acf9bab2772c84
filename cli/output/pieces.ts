/** Lines of text with what each piece means, for whoever draws them: a screen, or text that is written once. */
import { textWidth, truncate } from '../terminal/columns.ts';
import type { Style } from './style.ts';

/** What a piece means; whoever shows it has a colour for each. */
export type Paint =
  /** The culprit pair. */
  | 'read'
  | 'write'
  /** What stands beside a step. */
  | 'mark'
  | 'plain'
  | 'quiet'
  | 'heading'
  | 'error'
  | 'bar'
  /** It passed, or was answered. */
  | 'good'
  /** Outcomes of operations. */
  | 'refused'
  | 'unknown'
  | 'pending'
  /** What broke it. */
  | 'blamed';

export interface Piece {
  /** Safe to print. */
  readonly text: string;
  readonly paint: Paint;
}

export type Pieces = readonly Piece[];

export function piece(text: string, paint: Paint = 'plain'): Piece {
  return { text, paint };
}

/** Cut or padded to exactly `width` columns. */
export function fitted(pieces: Pieces, width: number): Piece[] {
  let room = width;
  const kept = pieces.map(({ text, paint }) => {
    const cut = truncate(text, room);
    room -= textWidth(cut);
    return piece(cut, paint);
  });
  return room > 0 ? [...kept, piece(' '.repeat(room))] : kept;
}

/** Without blanks at the end. */
export function trimmed(pieces: Pieces): Piece[] {
  const kept = pieces.filter(({ text }) => text !== '');
  while (kept.length > 0 && kept.at(-1)?.text.trim() === '') kept.pop();
  return kept.map((each, i) => (i === kept.length - 1 ? { ...each, text: each.text.trimEnd() } : each));
}

/** A line as text that is written once. */
export function paintedText(pieces: Pieces, style: Style): string {
  const paints = paintsOf(style);
  return trimmed(pieces)
    .map(({ text, paint }) => (text.trim() === '' ? text : paints[paint](text)))
    .join('');
}

function paintsOf(style: Style): Readonly<Record<Paint, (text: string) => string>> {
  const same = (text: string) => text;
  return {
    read: (text) => style.bold(style.red(text)),
    write: (text) => style.bold(style.yellow(text)),
    mark: style.red,
    plain: same,
    quiet: style.dim,
    heading: style.bold,
    error: style.red,
    bar: style.yellow,
    good: style.green,
    refused: style.yellow,
    unknown: style.yellow,
    pending: style.cyan,
    blamed: (text) => style.bold(style.red(text)),
  };
}
