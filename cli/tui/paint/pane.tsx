/**
 * How components draw: a pane is a rectangle with a function from its properties to lines. React keeps
 * panes whose properties did not change out of the work; the lines go to the surface, past Ink's own
 * layout and styling of text, which would cost nearly the same for every picture however little changed.
 */
import { createContext, memo, useContext, useId, useLayoutEffect } from 'react';
import type { Line } from './line.ts';
import type { Place, Surface } from './surface.ts';

const SurfaceContext = createContext<Surface | null>(null);
export const SurfaceProvider = SurfaceContext.Provider;

/** A component of a drawing function. It is called again only when a property changed. */
export function pane<Props extends object>(
  name: string,
  draw: (props: Props, place: Place) => readonly Line[],
  layer = 0,
) {
  const Pane = memo(function Pane(props: Props & Place) {
    const { x, y, width, height } = props;
    usePaint({ x, y, width, height }, draw(props, { x, y, width, height }), layer);
    return null;
  });
  Pane.displayName = name;
  return Pane;
}

function usePaint(place: Place, lines: readonly Line[], layer: number): void {
  const surface = useContext(SurfaceContext);
  const id = useId();
  useLayoutEffect(() => {
    surface?.put(id, { ...place, lines, layer });
  });
  useLayoutEffect(() => () => surface?.remove(id), [surface, id]);
}
