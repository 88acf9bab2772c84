/** Colours for text that is written once; nothing but the text when colours are off. */
import type { Outcome } from '../../server/contract/index.ts';
import { isLoss } from '../run/outcome.ts';

type Paint = (text: string) => string;

export interface Style {
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  cyan: Paint;
}

const paint =
  (on: number, off: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`;
const plain: Paint = (text) => text;

const COLORED: Style = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  red: paint(31, 39),
  green: paint(32, 39),
  yellow: paint(33, 39),
  cyan: paint(36, 39),
};
const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

/** The style for a stream that takes colours, or does not. */
export function styleFor(color: boolean): Style {
  return color ? COLORED : PLAIN;
}

/** How a run stands or ended, in its colour; red for a FAIL alone. */
export function paintOutcome(style: Style, outcome: Outcome): string {
  if (outcome === 'PASS') return style.green(outcome);
  if (outcome === 'FAIL') return style.red(outcome);
  if (outcome === 'RUNNING') return style.cyan(outcome);
  return isLoss(outcome) ? style.bold(style.yellow(outcome)) : style.yellow(outcome);
}
