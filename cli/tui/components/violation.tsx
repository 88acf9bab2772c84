/** What broke: the message, expected against actual, and how to see it again. */
import { Text } from 'ink';
import { wrap } from '../../safe-text.ts';

export interface ViolationProps {
  /** All safe to print. */
  message: string;
  expected: string | null;
  actual: string | null;
  reproduce: string | null;
  width: number;
  height: number;
}

export function Violation({ message, expected, actual, reproduce, width, height }: ViolationProps) {
  const below = [
    ...(expected === null ? [] : [{ name: 'expected', text: expected }]),
    ...(actual === null ? [] : [{ name: 'actual', text: actual }]),
    ...(reproduce === null
      ? []
      : wrap(reproduce, width - 11).map((text, i) => ({ name: i === 0 ? 'reproduce' : '', text }))),
  ];
  const lines = wrap(message, width).slice(0, Math.max(1, height - below.length));
  return (
    <>
      {lines.map((line) => (
        <Text key={line} bold wrap="truncate">
          {line}
        </Text>
      ))}
      {below.slice(0, height - lines.length).map(({ name, text }) => (
        <Text key={name + text} wrap="truncate">
          <Text dimColor>{name.padEnd(11)}</Text>
          {text}
        </Text>
      ))}
    </>
  );
}
