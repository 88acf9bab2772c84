/** A pane drawn by Ink itself: its lines are rows of Text in a Box, its frame is the Box's own border. */
import { Box, Text, type TextProps } from 'ink';
import { memo } from 'react';
import type { Line, Style } from '../../../../cli/tui/paint/line.ts';
import type { Place } from '../../../../cli/tui/paint/surface.ts';
import { type Frame, frameOf } from './frame.ts';

/** As the product's own `pane`: called again only when a property changed. `layer` is the order of drawing here. */
export function pane<Props extends object>(
  name: string,
  draw: (props: Props, place: Place) => readonly Line[],
  _layer = 0,
) {
  const Pane = memo(function Pane(props: Props & Place) {
    const { x, y, width, height } = props;
    const lines = draw(props, { x, y, width, height });
    const frame = frameOf(lines);
    const place = { position: 'absolute', left: x, top: y, width, height, flexDirection: 'column' } as const;
    if (frame === undefined) return <Box {...place}>{lines.slice(0, height).map(row)}</Box>;
    return (
      <>
        <Box
          {...place}
          borderStyle="round"
          borderDimColor={frame.color === undefined}
          borderColor={frame.color}
          paddingX={1}
        >
          {frame.rows.map(row)}
        </Box>
        <Edge x={x} y={y} width={width} lines={frame.top} />
        <Edge x={x} y={y + height - 1} width={width} lines={frame.bottom} />
      </>
    );
  });
  Pane.displayName = name;
  return Pane;
}

interface EdgeProps {
  x: number;
  y: number;
  width: number;
  lines: Frame['top'];
}

/** Ink's borders have no titles, so what stands in an edge is Text over it. */
function Edge({ x, y, width, lines }: EdgeProps) {
  return lines.map(({ at, line }) => (
    <Box key={at} position="absolute" left={x + at} top={y} width={width - at - 1} height={1}>
      {row(line, at)}
    </Box>
  ));
}

function row(line: Line, key: number) {
  return (
    <Text key={key} wrap="truncate">
      {line.length === 0 ? ' ' : line.map(piece)}
    </Text>
  );
}

function piece({ text, style }: Line[number], key: number) {
  if (Object.keys(style).length === 0) return text;
  return (
    <Text key={key} {...lookOf(style)}>
      {text}
    </Text>
  );
}

function lookOf({ color, background, bold, dim, inverse, underline }: Style): Partial<TextProps> {
  return {
    ...(color === undefined ? {} : { color }),
    ...(background === undefined ? {} : { backgroundColor: background }),
    bold: bold ?? false,
    dimColor: dim ?? false,
    inverse: inverse ?? false,
    underline: underline ?? false,
  };
}
