/** What keys and clicks do in the palette of commands. Pure. */
import { bindingOf } from '../input/keymap.ts';
import { type Act, type Command, commandsFor, type Offer } from './commands.ts';
import { typed, typingOf } from './text-input.ts';
import type { PaletteState } from './workspace.ts';

export const EMPTY_PALETTE: PaletteState = { text: '', chosen: 0, error: null };

/** What comes of a key: another palette, or something to do, which closes it; null for both: it is closed. */
export interface Taken {
  palette: PaletteState | null;
  act: Act | null;
}

/** What a key does while the palette is open; Ctrl-C is for the screen. */
export function strokeInPalette(palette: PaletteState, offer: Offer, key: string, text: string): Taken {
  const commands = commandsFor(offer, palette.text);
  const stay = (change: Partial<PaletteState>): Taken => ({
    palette: { ...palette, error: null, ...change },
    act: null,
  });
  const count = Math.max(1, commands.length);
  switch (bindingOf('live', 'palette', key)?.intent) {
    case 'dismiss':
      return { palette: null, act: null };
    case 'up':
      return stay({ chosen: (palette.chosen + count - 1) % count });
    case 'down':
      return stay({ chosen: (palette.chosen + 1) % count });
    case 'complete':
      return stay({ text: commands[palette.chosen]?.text ?? palette.text, chosen: 0 });
    case 'submit':
      return takeCommand(palette, commands[palette.chosen]);
    default: {
      const typing = typingOf(key, text);
      return typing === null ? stay({}) : stay({ text: typed(palette.text, typing), chosen: 0 });
    }
  }
}

/** Does a line of the palette; of none it says so. */
export function takeCommand(palette: PaletteState, command: Command | undefined): Taken {
  if (command === undefined)
    return { palette: { ...palette, error: 'No command is called so; nothing was done.' }, act: null };
  const { act } = command;
  if (act.do !== 'fill') return { palette: null, act };
  const error = palette.text === act.text ? 'Its number is missing.' : null;
  return { palette: { ...EMPTY_PALETTE, text: act.text, error }, act: null };
}
