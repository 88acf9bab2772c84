/** Colours for text that is written once; nothing but the text when colours are off. */

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

/** The status of a run in its colour. */
export function paintStatus(style: Style, status: string): string {
  if (status === 'PASS') return style.green(status);
  if (status === 'FAIL') return style.red(status);
  if (status === 'RUNNING') return style.cyan(status);
  return style.yellow(status);
}
