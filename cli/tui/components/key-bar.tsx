/** The last line: the keys, or a question, or a notice. */
import { Text } from 'ink';
import { textWidth, truncate } from '../../safe-text.ts';
import type { Binding } from '../input/keymap.ts';

export interface KeyBarProps {
  /** Keys of the views, at the left. */
  views: readonly Binding[];
  /** Other keys, at the right. */
  keys: readonly Binding[];
  /** A question takes the place of the views and is answered by `keys`. */
  question: string | null;
  notice: string | null;
  width: number;
}

export function KeyBar({ views, keys, question, notice, width }: KeyBarProps) {
  const said = question ?? notice;
  const right = keysBeside(labels(keys), question === null && notice !== null ? textWidth(notice) : 0, width);
  const rightWidth = widthOf(right);
  const room = Math.max(0, width - 2 - rightWidth);
  const left = said === null ? null : truncate(said, room);
  const viewsWidth = labels(views).reduce((sum, [label, word]) => sum + label.length + word.length + 3, 0);
  const gap = Math.max(0, room - (left === null ? viewsWidth : textWidth(left)));
  return (
    <Text wrap="truncate">
      {' '}
      {left === null ? (
        labels(views).map(([label, word]) => (
          <Text key={label}>
            <Text bold inverse>{` ${label} `}</Text>
            <Text>{`${word}`}</Text>
          </Text>
        ))
      ) : (
        <Text bold={question !== null} color="yellow">
          {left}
        </Text>
      )}
      {' '.repeat(gap)}
      {right.map(([label, word]) => (
        <Text key={label}>
          {'  '}
          <Text bold>{label}</Text>
          <Text dimColor>{` ${word}`}</Text>{' '}
        </Text>
      ))}
    </Text>
  );
}

type Label = [label: string, word: string];

/** What a notice says matters more than the keys: the first ones give way to it. Answers always stay. */
function keysBeside(right: Label[], saidWidth: number, width: number): Label[] {
  let kept = right;
  while (kept.length > 1 && widthOf(kept) + saidWidth + 2 > width) kept = kept.slice(1);
  return kept;
}

function widthOf(right: Label[]): number {
  return right.reduce((sum, [label, word]) => sum + label.length + word.length + 4, 0);
}

function labels(bindings: readonly Binding[]): Label[] {
  return bindings.flatMap(({ label, short }) => (short === undefined ? [] : [[label, short]]));
}
