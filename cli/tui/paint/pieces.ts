/** Pieces of text that also go to a file as a line of a screen: a colour for each of their meanings. */
import type { Paint, Pieces } from '../../output/pieces.ts';
import { BOLD, DIM, type Line, type Style, span } from './line.ts';

const STYLE: Readonly<Record<Paint, Style>> = {
  read: { color: 'redBright', bold: true },
  write: { color: 'yellow', bold: true },
  mark: { color: 'redBright' },
  plain: {},
  quiet: DIM,
  heading: BOLD,
  error: { color: 'redBright' },
  bar: { color: 'yellow' },
  good: { color: 'green' },
  refused: { color: 'yellow' },
  unknown: { color: 'magenta' },
  pending: { color: 'cyan' },
  blamed: { color: 'redBright', bold: true },
};

export function lineOf(pieces: Pieces): Line {
  return pieces.map(({ text, paint }) => span(text, STYLE[paint]));
}
