/** The views by the number keys that open them. A further view is one more entry here and in the key table. */
import type { ComponentType } from 'react';
import type { Size, State, ViewId } from '../state/state.ts';
import { LiveView } from './live.tsx';

export interface ViewProps {
  state: State;
  /** What is left of the screen between the header and the key bar. */
  area: Size;
}

export const VIEWS: Readonly<Record<ViewId, ComponentType<ViewProps>>> = { live: LiveView };
