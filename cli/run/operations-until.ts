/** After how many operations seeds of a campaign failed, in powers of two. */
import type { FailureTally } from '../../server/contract/index.ts';
import { formatCompact } from './format.ts';

export interface UntilRow {
  /** `32 to 63`. */
  operations: string;
  seeds: number;
  /** Of the row with the most seeds, 0 to 1. */
  share: number;
}

/** Of all that failed, from the fewest operations at which one did to the most; empty: none failed. */
export function untilRows(failures: readonly Pick<FailureTally, 'operationsUntil'>[]): UntilRow[] {
  const longest = Math.max(0, ...failures.map(({ operationsUntil }) => operationsUntil.length));
  const counts = Array.from({ length: longest }, (_, power) =>
    failures.reduce((sum, { operationsUntil }) => sum + (operationsUntil[power] ?? 0), 0),
  );
  const most = Math.max(0, ...counts);
  if (most === 0) return [];
  const first = counts.findIndex((seeds) => seeds > 0);
  const last = counts.findLastIndex((seeds) => seeds > 0);
  return counts
    .slice(first, last + 1)
    .map((seeds, i) => ({ operations: rangeText(first + i), seeds, share: seeds / most }));
}

function rangeText(power: number): string {
  if (power === 0) return 'up to 1';
  return `${formatCompact(2 ** power)} to ${formatCompact(2 ** (power + 1) - 1)}`;
}
