/** The first picture: what is being waited for. It is there before React, Ink and the network are. */
import { header } from './components/header.ts';
import { keyBar } from './components/key-bar.ts';
import { BINDINGS } from './input/keymap.ts';
import { Canvas } from './paint/canvas.ts';
import { cutLine, DIM, lineWidth, span } from './paint/line.ts';
import type { Size } from './state/state.ts';

const KEYS = BINDINGS.filter(({ intent }) => intent === 'interrupt').map((each) => ({
  ...each,
  short: 'leave',
}));

/** `what` is looked at, `said` is going on; both safe to print. */
export function openingPicture({ columns, rows }: Size, what: string, said: string): Canvas {
  const canvas = new Canvas(columns, rows);
  const parts = [
    { text: ' SIMCITY ', style: { bold: true, inverse: true }, drop: 2 },
    { text: what, drop: 1 },
  ];
  canvas.draw(0, 0, header(parts, columns), columns);
  const text = cutLine([span(said, DIM)], columns);
  canvas.draw(Math.floor((columns - lineWidth(text)) / 2), Math.floor(rows / 2), text, columns);
  const bar = keyBar({ views: [], chosen: null, keys: KEYS, said: null, width: columns });
  if (rows > 2) canvas.draw(0, rows - 1, bar, columns);
  return canvas;
}
