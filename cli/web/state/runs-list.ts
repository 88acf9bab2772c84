/** The runs as they are listed: found by the filter, in their order, among as many as were read for it. */
import { useEffect, useMemo } from 'preact/hooks';
import type { Run, RunStatus } from '../../../server/contract/index.ts';
import { sortedRuns } from '../../run/run-order.ts';
import { type Filter, filterRuns } from '../../run/run-search.ts';
import type { Route } from './route.ts';
import { type ReadRuns, RunReader } from './run-reader.ts';
import { useStore } from './store.ts';

export interface RunsList extends Pick<ReadRuns, 'read' | 'isReading' | 'problem'> {
  /** Null before the first answer. */
  listed: readonly Run[] | null;
  /** True while older runs are not read. */
  hasMore: boolean;
  /** Goes on to older runs. */
  more: () => void;
}

/** What the server narrows the list to by itself; left out: it gives all. */
const STATUS_OF: Partial<Record<Filter, RunStatus>> = {
  PASS: 'PASS',
  FAIL: 'FAIL',
  STOPPED: 'STOPPED',
  LOST: 'STOPPED',
  'ADAPTER ERROR': 'STOPPED',
};

export function useRunsList(route: Extract<Route, { page: 'runs' }>): RunsList {
  const { status, campaign, search = '', order = 'newest' } = route;
  const filter = status ?? 'ALL';
  const asked = STATUS_OF[filter] ?? null;
  const reader = useMemo(() => new RunReader({ status: asked, campaign }), [asked, campaign]);
  useEffect(() => reader.open(), [reader]);
  useEffect(() => reader.lookFor({ search, filter }), [reader, search, filter]);
  const { runs, next, read, isReading, problem } = useStore(reader.store);
  const found = useMemo(() => runs && filterRuns(runs, search, filter), [runs, search, filter]);
  const listed = useMemo(() => found && sortedRuns(found, order), [found, order]);
  return { listed, read, isReading, problem, hasMore: next !== null, more: () => void reader.more() };
}
