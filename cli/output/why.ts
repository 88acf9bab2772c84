/** Why it broke as text: the title with its name, the lanes, what is concluded, and what was tried. */
import type { Why } from '../../server/contract/index.ts';
import { formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import { type SeatsOf, seatsThrough } from '../run/why-seats.ts';
import { conclusionLines, costWords, triedLines } from '../run/why-words.ts';
import { textWidth, wrap } from '../terminal/columns.ts';
import { type Pieces, paintedText, piece } from './pieces.ts';
import type { Style } from './style.ts';
import { type LaneOptions, laneLines, type WhyDrawn } from './why-lanes.ts';

const INDENT = ' '.repeat(5);
/** Wider lanes would be hard to read along. */
const WIDEST = 160;

export interface WhyOptions extends LaneOptions {
  /** Whose seats are counted above the lanes; null: nobody's. */
  seats?: SeatsOf | null;
}

/** `width`: columns of the terminal. */
export function whyText(why: Why, style: Style, width: number, options: WhyOptions = {}): string {
  return whyDrawn(why, Math.min(width, WIDEST), options)
    .map(({ pieces }) => paintedText(pieces, style))
    .join('\n');
}

/** All of it in at most `width` columns, a line each, with the steps that the lines of the lanes are of. */
export function whyDrawn(why: Why, width: number, options: WhyOptions = {}): WhyDrawn[] {
  const { seats = null } = options;
  return [
    ...titleLines(why, width).map((text) => plain([piece(text, 'heading')])),
    ...(seats === null ? [] : seatsLines(why, seats, width)),
    ...laneLines(why, width, options),
    plain([]),
    ...endLines(why, width),
    plain([piece(`${INDENT}Found by ${costWords(why)}.`, 'quiet')]),
  ];
}

function plain(pieces: Pieces): WhyDrawn {
  return { steps: [], pieces };
}

/** The sentence, with the anomaly's name at the right of its first line where there is room. */
function titleLines({ sentence, name }: Why, width: number): string[] {
  const right = name === null ? '' : safeText(name);
  const told = wrap(
    safeText(sentence),
    Math.max(20, width - INDENT.length - (right === '' ? 0 : textWidth(right) + 2)),
  );
  return told.map((line, i) => {
    const left = `${i === 0 ? 'WHY  ' : INDENT}${line}`;
    if (i > 0 || right === '') return left;
    return `${left}${' '.repeat(Math.max(2, width - textWidth(left) - textWidth(right)))}${right}`;
  });
}

/** `Taken of 1 seat: 1 (6), 2 (7)`: how many after which step, what is over the capacity in the colour of an error. */
function seatsLines(why: Why, seats: SeatsOf, width: number): WhyDrawn[] {
  const all = seatsThrough(why, seats);
  if (all.length === 0) return [];
  // What was taken before the first step that matters is told as one number.
  const begins = why.steps.find(({ matters, mark }) => matters || mark !== '')?.step ?? 0;
  const earlier = all.filter(({ step }) => step < begins);
  const points = earlier.length < 2 ? all : [...earlier.slice(-1), ...all.slice(earlier.length)];
  const first = points.length < all.length ? 'before' : null;
  const { object, capacity } = seats;
  const head = `${INDENT}Taken of ${formatNumber(capacity)} ${capacity === 1 ? 'seat' : 'seats'} of ${safeText(object)}:`;
  const lines: Pieces[] = [];
  let line = [piece(head, 'quiet')];
  let used = textWidth(head);
  points.forEach(({ step, taken }, i) => {
    const at = i === 0 && first !== null ? first : `(${step})`;
    const text = ` ${formatNumber(taken)} ${at}${i === points.length - 1 ? '' : ','}`;
    if (used + textWidth(text) > width) {
      lines.push(line);
      line = [piece(INDENT.slice(1), 'quiet')];
      used = INDENT.length - 1;
    }
    line.push(piece(text, taken > capacity || taken < 0 ? 'blamed' : 'quiet'));
    used += textWidth(text);
  });
  return [...lines, line].map(plain);
}

/** What stands under the lanes: what is concluded as one paragraph, each suggestion in a line of its own, and what was tried. */
function endLines(why: Why, width: number): WhyDrawn[] {
  const room = Math.max(20, width - INDENT.length);
  const sentences = conclusionLines(why);
  const isSuggestion = (text: string) => text.startsWith('Suggestion');
  const paragraph = sentences.filter((text) => !isSuggestion(text)).join(' ');
  const told = paragraph === '' ? [] : wrap(paragraph, room).map((text) => piece(`${INDENT}${text}`));
  const suggested = sentences
    .filter(isSuggestion)
    .flatMap((text) => wrap(text, room).map((line) => piece(`${INDENT}${line}`, 'heading')));
  const tried = triedLines(why).flatMap(({ text, passes }) =>
    wrap(text, room - 2).map((line, i) =>
      piece(`${INDENT}${i === 0 ? '' : '  '}${line}`, passes ? 'good' : 'plain'),
    ),
  );
  return [...told, ...suggested, ...tried].map((each) => plain([each]));
}
