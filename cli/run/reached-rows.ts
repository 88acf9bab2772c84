/** Which sometimes-properties the seeds of a campaign have reached, and which no seed has. */
import type { Campaign } from '../../server/contract/index.ts';
import { formatNumber } from './format.ts';

export interface ReachedRow {
  property: string;
  seeds: number;
  /** Of the seeds that have told, 0 to 1. */
  share: number;
}

type Told = Pick<Campaign, 'reached' | 'seedsThrough' | 'shardsToSee'>;

/** The rarest first, so that those never reached are at the top. */
export function reachedRows({ reached, seedsThrough, shardsToSee }: Told): ReachedRow[] {
  // What seeds of shards under way have reached is told with their shard.
  const underWay = shardsToSee.filter(({ state }) => state === 'running');
  const told = seedsThrough - underWay.reduce((sum, shard) => sum + shard.seedsThrough, 0);
  return Object.entries(reached)
    .map(([property, seeds]) => ({ property, seeds, share: Math.min(1, seeds / Math.max(1, told)) }))
    .sort((one, other) => one.seeds - other.seeds || (one.property < other.property ? -1 : 1));
}

/** `5 of 6 reached`, '' where there are none. */
export function reachedText(rows: readonly ReachedRow[]): string {
  const reached = rows.filter(({ seeds }) => seeds > 0).length;
  return rows.length === 0 ? '' : `${formatNumber(reached)} of ${formatNumber(rows.length)} reached`;
}

/** `never`, or how many seeds. */
export function reachedSeedsText({ seeds, share }: ReachedRow): string {
  if (seeds === 0) return 'never';
  const percent = share * 100;
  const told = percent >= 10 ? Math.floor(percent) : Math.max(0.01, Math.round(percent * 100) / 100);
  return `${formatNumber(seeds)} (${told} %)`;
}
