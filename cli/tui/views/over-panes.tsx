/** What is open over any screen: the palette of commands, or something that is said in a box. */

import { safeText } from '../../run/sanitize.ts';
import { alignLeft, textWidth, truncate, wrap } from '../../terminal/columns.ts';
import { framed, innerSize } from '../components/frame.ts';
import { BOLD, clickable, DIM, type Line, restyle, span, spread } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { Place } from '../paint/surface.ts';
import { type Command, commandsFor, type Offer } from '../state/commands.ts';
import type { Message, PaletteState, Workspace } from '../state/workspace.ts';

/** Above the help, which may be open behind. */
const LAYER = 3;
const WIDEST = 84;
/** Lines of commands that are looked at without scrolling. */
const COMMANDS = 14;

interface OverProps {
  workspace: Workspace;
  /** What the palette offers; asked for while it is open. */
  offer: () => Offer;
  /** The body of the screen. */
  area: Place;
}

/** Draws nothing while nothing is open. */
export function OverPanes({ workspace: { palette, message }, offer, area }: OverProps) {
  const width = Math.min(area.width - 2, WIDEST);
  if (message !== null) {
    const lines = message.texts.flatMap((text) => wrap(text, innerSize(width, 0).width));
    return <MessagePane message={message} {...within(area, width, lines.length + 2)} />;
  }
  if (palette === null) return null;
  const commands = commandsFor(offer(), palette.text);
  return <PalettePane palette={palette} commands={commands} {...within(area, width, COMMANDS + 5)} />;
}

/** In the middle, and in the upper part of it. */
function within(area: Place, width: number, wanted: number): Place {
  const height = Math.min(area.height, wanted);
  return {
    x: area.x + Math.floor((area.width - width) / 2),
    y: area.y + Math.floor((area.height - height) / 3),
    width,
    height,
  };
}

interface PaletteProps {
  palette: PaletteState;
  commands: readonly Command[];
}

export const PalettePane = pane<PaletteProps>(
  'PalettePane',
  ({ palette, commands }, { width, height }) => {
    const inner = innerSize(width, height);
    const room = inner.height - 2;
    const top = Math.max(0, Math.min(palette.chosen - Math.floor(room / 2), commands.length - room));
    const rows = commands.slice(top, top + room).map((command, i) => {
      const line = clickable(commandLine(command, inner.width), inner.width, { on: 'command', at: top + i });
      return top + i === palette.chosen ? restyle(line, { inverse: true, dim: false }) : line;
    });
    const problem = palette.error ?? (rows.length === 0 ? 'No command is called so.' : '');
    return framed({ title: 'Commands', aside: `${commands.length}`, width, height, color: 'cyan' }, [
      [span('> ', DIM), span(safeText(palette.text), BOLD), span('▏', BOLD)],
      [span(problem, { color: 'yellow' })],
      ...rows,
    ]);
  },
  LAYER,
);

/** The words, what they mean, and the key at the right. */
function commandLine({ text, about, key }: Command, width: number): Line {
  const room = Math.max(0, width - textWidth(key) - 2);
  const words = truncate(text, room);
  const left = room - textWidth(words) - 2;
  return spread(
    [span(words), span(left > 4 && about !== '' ? `  ${alignLeft(about, left)}` : '', DIM)],
    [span(key, BOLD)],
    width,
  );
}

export const MessagePane = pane<{ message: Message }>(
  'MessagePane',
  ({ message }, { width, height }) => {
    const inner = innerSize(width, height);
    const lines = message.texts.flatMap((text) => wrap(text, inner.width).map((line): Line => [span(line)]));
    return framed({ title: message.title, aside: 'any key closes', width, height, color: 'cyan' }, lines);
  },
  LAYER,
);
