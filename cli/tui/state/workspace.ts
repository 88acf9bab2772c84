/** What every screen has over and around its view: the pane with the focus, the palette, and what is said in a box. */
import type { Run } from '../../../server/contract/index.ts';
import type { Intent } from '../input/intents.ts';

/** The palette of commands while it is open. */
export interface PaletteState {
  text: string;
  /** The chosen line of those that match, from 0. */
  chosen: number;
  /** What is wrong with the line, until the next key. */
  error: string | null;
}

/** Something that is said until a key is pressed, in paragraphs; safe to print. */
export interface Message {
  title: string;
  texts: readonly string[];
}

export interface Workspace {
  /** The name of the pane with the focus; null: none. */
  focus: string | null;
  /** True while that pane takes the whole body. */
  isZoomed: boolean;
  /** The row of a list at which its chosen line stands since it was clicked; null: the middle. */
  anchor: number | null;
  palette: PaletteState | null;
  /** Runs that can be opened by their number, as far as they were asked for. */
  runs: readonly Run[];
  message: Message | null;
}

export const EMPTY_WORKSPACE: Workspace = {
  focus: null,
  isZoomed: false,
  anchor: null,
  palette: null,
  runs: [],
  message: null,
};

/** What every screen can be asked to do outside. */
export type OverEffect =
  | { do: 'open-page' }
  /** Reads the runs that the palette offers. */
  | { do: 'read-runs' }
  /** `ref` is whatever names a run. */
  | { do: 'open-run'; ref: string };

/** What comes of that. */
export type OverAction =
  | { type: 'runs-read'; runs: readonly Run[] }
  | { type: 'message'; message: Message }
  | { type: 'open-run'; run: Run };

/** A pane that can have the focus. */
export interface PaneName {
  name: string;
  /** For people. */
  title: string;
}

/** What is meant by the keys of panes; null: the intent is no such. `panes` are those of the view, in their order. */
export function paneIntent(
  workspace: Workspace,
  intent: Intent,
  panes: readonly PaneName[],
): Workspace | null {
  const place = panes.findIndex(({ name }) => name === workspace.focus);
  const focus = (at: number) => panes.at(at % panes.length)?.name ?? null;
  switch (intent) {
    case 'zoom':
      return workspace.isZoomed && place >= 0
        ? { ...workspace, isZoomed: false }
        : { ...workspace, focus: focus(Math.max(0, place)), isZoomed: panes.length > 0 };
    case 'next-pane':
      return { ...workspace, focus: focus(place + 1) };
    case 'previous-pane':
      return { ...workspace, focus: focus(place < 0 ? -1 : place + panes.length - 1) };
    default:
      return null;
  }
}

/** The pane that takes the whole body; null: none does. */
export function zoomedPane({ focus, isZoomed }: Workspace, panes: readonly PaneName[]): string | null {
  return isZoomed && panes.some(({ name }) => name === focus) ? focus : null;
}

/** What Esc closes of it, the topmost first; null: nothing is open. */
export function closeTopmost(workspace: Workspace): Workspace | null {
  if (workspace.message !== null) return { ...workspace, message: null };
  if (workspace.palette !== null) return { ...workspace, palette: null };
  return workspace.focus === null ? null : { ...workspace, focus: null, isZoomed: false };
}

/** Which pane the focus is on, for the frame of that pane. */
export function looksOf({ focus }: Workspace, name: string): { name: string; isFocused: boolean } {
  return { name, isFocused: focus === name };
}
