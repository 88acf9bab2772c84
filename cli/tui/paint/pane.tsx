/**
 * How components draw: a pane is a rectangle with a function from its properties to lines. React keeps
 * panes whose properties did not change out of the work; the lines go to the surface, past Ink's own
 * layout and styling of text, which would cost nearly the same for every picture however little changed.
 */
import { createContext, memo, useContext, useId, useLayoutEffect } from 'react';
import { type Line, restyle } from './line.ts';
import type { Place, Region, Surface } from './surface.ts';

const SurfaceContext = createContext<Surface | null>(null);
export const SurfaceProvider = SurfaceContext.Provider;

/** What a pane may have beside its place and its own properties. */
export interface PaneLooks {
  /** What it is known by; left out: it can be neither focused nor scrolled. */
  name?: string;
  /** Its frame stands out. */
  isFocused?: boolean;
}

/** A component of a drawing function. It is called again only when a property changed. */
export function pane<Props extends object>(
  name: string,
  draw: (props: Props, place: Place) => readonly Line[],
  layer = 0,
) {
  const Pane = memo(function Pane(props: Props & Place & PaneLooks) {
    const { x, y, width, height, name = null, isFocused = false } = props;
    const lines = draw(props, { x, y, width, height });
    usePaint({ x, y, width, height }, { name, layer, lines: isFocused ? focused(lines) : lines });
    return null;
  });
  Pane.displayName = name;
  return Pane;
}

function usePaint(place: Place, drawn: Pick<Region, 'name' | 'lines' | 'layer'>): void {
  const surface = useContext(SurfaceContext);
  const id = useId();
  useLayoutEffect(() => {
    surface?.put(id, { ...place, ...drawn });
  });
  useLayoutEffect(() => () => surface?.remove(id), [surface, id]);
}

const FOCUSED = { color: 'cyan', dim: false } as const;

/** A framed pane with its frame in another colour, and its title reversed for terminals without colours. */
function focused(lines: readonly Line[]): Line[] {
  return lines.map((line, row) => {
    const isEdge = row === 0 || row === lines.length - 1;
    return line.map((piece, i) => {
      const isTitle = row === 0 && i === 1;
      if (isTitle) return { ...piece, style: { ...piece.style, ...FOCUSED, inverse: true } };
      return isEdge || i === 0 || i === line.length - 1 ? (restyle([piece], FOCUSED)[0] ?? piece) : piece;
    });
  });
}
