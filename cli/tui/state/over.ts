/** Keys and clicks for what is open over a view, the same on every screen: a message, or the palette. Pure. */
import type { Pointing } from '../paint/target.ts';
import { type Act, commandsFor, type Offer } from './commands.ts';
import { strokeInPalette, type Taken, takeCommand } from './palette.ts';
import type { Workspace } from './workspace.ts';

/** A screen, what its palette offers, and what becomes of it by a command. */
export interface Under<State extends { workspace: Workspace }> {
  state: State;
  offer: (state: State) => Offer;
  perform: (state: State, act: Act) => State;
}

/** Null: nothing is open, so that the key is for the view. Ctrl-C always is. */
export function strokeOver<State extends { workspace: Workspace }>(
  under: Under<State>,
  key: string,
  text: string,
): State | null {
  const { state, offer } = under;
  const { message, palette } = state.workspace;
  if (key === 'ctrl+c') return null;
  if (message !== null) return withWorkspace(state, { message: null });
  return palette === null ? null : taken(under, strokeInPalette(palette, offer(state), key, text));
}

/** Null: nothing is open, so that the mouse is for the view. */
export function pointOver<State extends { workspace: Workspace }>(
  under: Under<State>,
  { what, target }: Pointing,
): State | null {
  const { state, offer } = under;
  const { message, palette } = state.workspace;
  if (message !== null) return what === 'press' ? withWorkspace(state, { message: null }) : state;
  if (palette === null) return null;
  if (target?.on === 'key' && what === 'press') return strokeOver(under, target.key, '');
  if (what === 'wheel-up') return strokeOver(under, 'up', '');
  if (what === 'wheel-down') return strokeOver(under, 'down', '');
  if (target?.on !== 'command' || what !== 'press') return state;
  return taken(under, takeCommand(palette, commandsFor(offer(state), palette.text)[target.at]));
}

function taken<State extends { workspace: Workspace }>(
  { state, perform }: Under<State>,
  { palette, act }: Taken,
): State {
  const next = withWorkspace(state, { palette });
  return act === null ? next : perform(next, act);
}

/** The state with something else over its view. */
export function withWorkspace<State extends { workspace: Workspace }>(
  state: State,
  change: Partial<Workspace>,
): State {
  return { ...state, workspace: { ...state.workspace, ...change } };
}
