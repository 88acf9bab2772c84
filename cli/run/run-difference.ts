/** What two runs have of each other and what not, side by side: how they stand, settings, metrics. */
import type { Run } from '../../server/contract/run.ts';
import { formatMetric, formatNumber, formatSeconds } from './format.ts';
import { reasonOf, runOutcome } from './outcome.ts';
import { safeText } from './sanitize.ts';
import { settingEntries } from './setting-entries.ts';

export interface ComparedRow {
  /** Not safe to print. */
  name: string;
  /** Safe to print; '' where that run has none. */
  left: string;
  right: string;
  differs: boolean;
}

/** How both stand or ended. */
export function comparedStates(left: Run, right: Run): ComparedRow[] {
  const rows = rowsOf(stateEntries(left), stateEntries(right));
  return rows.filter((row) => row.left !== '' || row.right !== '');
}

/** All that was asked of both, the seed and the version of the engine as well. */
export function comparedSettings(left: Run, right: Run): ComparedRow[] {
  return rowsOf(settingEntries(left), settingEntries(right));
}

export interface ComparedMetric extends ComparedRow {
  /** Right minus left; null where one has none. */
  change: number | null;
}

/** The metrics at the end of each, or as far as it is. */
export function comparedMetrics(left: Run, right: Run): ComparedMetric[] {
  const [lefts, rights] = [left.live.metrics, right.live.metrics];
  return rowsOf(metricEntries(lefts), metricEntries(rights)).map((row) => {
    const [a, b] = [lefts[row.name], rights[row.name]];
    return { ...row, change: a === undefined || b === undefined ? null : b - a };
  });
}

type Entries = readonly (readonly [name: string, text: string])[];

function rowsOf(lefts: Entries, rights: Entries): ComparedRow[] {
  const [left, right] = [new Map(lefts), new Map(rights)];
  return [...new Map([...left, ...right]).keys()].map((name) => {
    const [a, b] = [left.get(name) ?? '', right.get(name) ?? ''];
    return { name, left: a, right: b, differs: a !== b };
  });
}

function stateEntries(run: Run): Entries {
  const took = run.durationSecondsActual;
  return [
    ['state', runOutcome(run)],
    ['why', safeText(reasonOf(run))],
    ['events', formatNumber(run.live.eventIndex + 1)],
    ['took', took === null ? '' : formatSeconds(took)],
  ];
}

function metricEntries(metrics: Run['live']['metrics']): Entries {
  return Object.entries(metrics).map(([name, value]) => [name, formatMetric(name, value)]);
}
