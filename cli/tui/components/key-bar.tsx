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
  const right = labels(keys);
  const rightWidth = right.reduce((sum, [label, word]) => sum + label.length + word.length + 4, 0);
  const said = question ?? notice;
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

function labels(bindings: readonly Binding[]): [label: string, word: string][] {
  return bindings.flatMap(({ label, short }) => (short === undefined ? [] : [[label, short]]));
}
