/** What each view of a run is given, and what it gives. */
import type { ComponentType, ReactNode } from 'react';
import type { Place } from '../paint/surface.ts';
import type { State } from '../state/state.ts';

export interface ViewProps {
  state: State;
  /** What is left of the screen between the header and the key bar. */
  area: Place;
}

/** Draws a pane of a view by its name, also one that there is no room for beside the others. */
export type DrawPane = (state: State, name: string, place: Place) => ReactNode;

export interface ViewOfRun {
  View: ComponentType<ViewProps>;
  panes: DrawPane;
}
