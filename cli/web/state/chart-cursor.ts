/** Where the charts of a view have their one cursor. */
import { useMemo } from 'preact/hooks';
import type { Point } from '../../run/timeline.ts';
import { Store } from './store.ts';

/** The point under the pointer; null: there is none. */
export type ChartCursor = Store<Point | null>;

export function useChartCursor(): ChartCursor {
  return useMemo(() => new Store<Point | null>(null), []);
}
