/** Hands on what the mouse does, to whichever app is drawn. */
import { createContext, useContext, useEffect, useEffectEvent } from 'react';
import type { Hit, Pointing } from '../paint/target.ts';
import type { MouseReport } from './mouse.ts';

type Listener = (pointing: Pointing) => void;

export interface MouseSource {
  /** Takes a report of the terminal. */
  report(report: MouseReport): void;
  /** Returns its undoing. */
  listen(listener: Listener): () => void;
}

/** `hit` says what is at a column and a row. */
export function createMouseSource(hit: (column: number, row: number) => Hit): MouseSource {
  const listeners = new Set<Listener>();
  let pressed = 0;
  return {
    report({ what, column, row }) {
      if (what === 'press') pressed = row;
      // A drag stays with the row in which it began, so that a hand need not be steady.
      const under = hit(column, what === 'drag' ? pressed : row);
      for (const listener of listeners) listener({ what, ...under });
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const MouseContext = createContext<MouseSource | null>(null);
export const MouseProvider = MouseContext.Provider;

/** Listens to the mouse, where the screen does. */
export function useMouse(onPoint: Listener | undefined): void {
  const source = useContext(MouseContext);
  const point = useEffectEvent((pointing: Pointing) => onPoint?.(pointing));
  useEffect(() => source?.listen((pointing) => point(pointing)), [source]);
}
