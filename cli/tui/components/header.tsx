/** The first line: which run, how it stands, and whether the link lives. */
import { Text } from 'ink';
import { textWidth } from '../../safe-text.ts';

/** A piece of the header; the ones with the highest `drop` go first when the line is too narrow. */
export interface HeaderPart {
  text: string;
  color?: string;
  bold?: boolean;
  inverse?: boolean;
  drop: number;
}

export interface HeaderProps {
  parts: readonly HeaderPart[];
  width: number;
}

const GAP = '  ';

export function Header({ parts, width }: HeaderProps) {
  const kept = partsThatFit(parts, width);
  return (
    <Text wrap="truncate">
      {kept.map((part, i) => (
        <Text key={part.text}>
          {i === 0 ? '' : GAP}
          <Text
            bold={part.bold === true}
            inverse={part.inverse === true}
            {...(part.color === undefined ? {} : { color: part.color })}
          >
            {part.text}
          </Text>
        </Text>
      ))}
    </Text>
  );
}

/** The parts that fit in `width`, in their order. */
export function partsThatFit(parts: readonly HeaderPart[], width: number): HeaderPart[] {
  const kept = parts.filter((part) => part.text !== '');
  const widthOf = () => kept.reduce((sum, part) => sum + textWidth(part.text) + GAP.length, -GAP.length);
  while (kept.length > 1 && widthOf() > width) {
    const worst = Math.max(...kept.map((part) => part.drop));
    kept.splice(
      kept.findIndex((part) => part.drop === worst),
      1,
    );
  }
  return kept;
}
