/** A frame with a title in its upper edge, and something at the right of it. */
import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { textWidth, truncate } from '../../safe-text.ts';

export interface PanelProps {
  title: string;
  /** At the right of the upper edge; nothing by default. */
  aside?: string;
  /** Outer size, with the frame. */
  width: number;
  height: number;
  color?: string;
  children?: ReactNode;
}

export function Panel({ title, aside = '', width, height, color, children }: PanelProps) {
  const name = truncate(title, width - 6);
  const room = width - 6 - textWidth(name);
  const note = aside !== '' && textWidth(aside) + 3 <= room ? ` ${aside} ` : '';
  const line = '─'.repeat(Math.max(0, width - 5 - textWidth(name) - textWidth(note)));
  const paint = color === undefined ? { dimColor: true } : { color };
  return (
    <Box flexDirection="column" width={width} height={height}>
      <Text wrap="truncate">
        <Text {...paint}>{'╭ '}</Text>
        <Text bold {...(color === undefined ? {} : { color })}>
          {name}
        </Text>
        <Text {...paint}>{` ${line}`}</Text>
        <Text>{note}</Text>
        <Text {...paint}>─╮</Text>
      </Text>
      <Box
        borderStyle="round"
        borderTop={false}
        width={width}
        height={height - 1}
        flexDirection="column"
        paddingX={1}
        overflow="hidden"
        {...(color === undefined ? { borderDimColor: true } : { borderColor: color })}
      >
        {children}
      </Box>
    </Box>
  );
}
