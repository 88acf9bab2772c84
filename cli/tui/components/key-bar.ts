/** The last line: the keys, or a line that is typed, or a question, or a notice. */
import { textWidth, truncate } from '../../terminal/columns.ts';
import type { Binding } from '../input/binding.ts';
import { BOLD, DIM, type Line, lineWidth, restyle, span } from '../paint/line.ts';

export interface KeyBarProps {
  /** Keys of the views, at the left; the chosen one stands out. */
  views: readonly Binding[];
  chosen: string | null;
  /** Other keys, at the right. */
  keys: readonly Binding[];
  /** True while a pane takes the whole body: the key for it leads back. */
  isZoomed?: boolean;
  /** What takes the place of the views. */
  said: { text: string; as: 'question' | 'notice' | 'input' } | null;
  width: number;
}

export function keyBar(given: KeyBarProps): Line {
  const { said, width, isZoomed } = given;
  const props = isZoomed ? { ...given, keys: withWayBack(given.keys) } : given;
  if (said === null) return viewsBar(props);
  const wanted = said.as === 'question' ? 0 : textWidth(said.text) + 2;
  const right = answersThatFit(props.keys, width - wanted);
  const left = truncate(said.text, Math.max(0, width - 2 - lineWidth(right)));
  const style = said.as === 'input' ? BOLD : { color: 'yellow' as const, bold: said.as === 'question' };
  return ends([span(' '), span(left, style)], right, width);
}

/** The key that leads back from a zoomed pane stands where no other takes its room. */
function withWayBack(keys: readonly Binding[]): readonly Binding[] {
  const others = keys.filter(({ intent }) => intent !== 'zoom');
  const back = keys.filter(({ intent }) => intent === 'zoom').map((each) => ({ ...each, short: 'back' }));
  const last = others.findIndex(({ intent }) => intent === 'open-palette');
  return last < 0 ? keys : [...others.slice(0, last), ...back, ...others.slice(last)];
}

/** Keys give way to the names of the views, and the names to their numbers where only a few keys would be left. */
function viewsBar({ views, chosen, keys, width }: KeyBarProps): Line {
  const whole = views.flatMap((binding) => viewLabel(binding, chosen, true));
  const numbers = views.flatMap((binding) => viewLabel(binding, chosen, false));
  const labelled = keys.filter(({ short }) => short !== undefined);
  const few = lineWidth(answers(labelled.slice(-KEYS_AT_LEAST))) + 1;
  const left = lineWidth(whole) + few <= width ? whole : numbers;
  return ends(left, answersThatFit(keys, width - lineWidth(left) - 1), width);
}

const KEYS_AT_LEAST = 4;

function viewLabel(binding: Binding, chosen: string | null, named: boolean): Line {
  const { label, short = '', intent } = binding;
  const isChosen = intent === chosen;
  const number = span(` ${label} `, { bold: true, inverse: isChosen });
  const pieces =
    named || isChosen ? [number, span(`${isChosen ? ' ' : ''}${short} `, isChosen ? BOLD : DIM)] : [number];
  return pressing(binding, pieces);
}

/** A click on it is the first of its keys. */
function pressing({ keys: [key] }: Binding, pieces: Line): Line {
  return key === undefined ? pieces : restyle(pieces, { target: { on: 'key', key } });
}

function answers(keys: readonly Binding[]): Line {
  return keys.flatMap((binding) => {
    const { label, short } = binding;
    if (short === undefined) return [];
    const pieces = [span(label.split(' ')[0] ?? label, BOLD), span(` ${short}`, DIM)];
    return [span('  '), ...pressing(binding, pieces)];
  });
}

/** The first keys give way: help and quit come last. */
function answersThatFit(keys: readonly Binding[], width: number): Line {
  let kept = keys.filter(({ short }) => short !== undefined);
  while (kept.length > 1 && lineWidth(answers(kept)) + 1 > width) kept = kept.slice(1);
  return [...answers(kept), span(' ')];
}

function ends(left: Line, right: Line, width: number): Line {
  const gap = Math.max(0, width - lineWidth(left) - lineWidth(right));
  return [...left, span(' '.repeat(gap)), ...right];
}
