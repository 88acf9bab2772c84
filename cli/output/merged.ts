/** What the shards of a campaign found together, for people and as JSON. */
import { type Campaign, joined, rangesText, sizeOf } from '../../server/contract/index.ts';
import type { Merged } from '../campaign/shard/merge.ts';
import { counted, formatNumber } from '../run/format.ts';
import { campaignJson, campaignText } from './campaign.ts';
import type { Style } from './style.ts';

export function mergedText(merged: Merged, campaign: Campaign, style: Style): string {
  return [campaignText(campaign, [], style), ...leftLines(merged, style)].join('\n');
}

export function mergedJson(
  { count, missing, stopped, left }: Merged,
  campaign: Campaign,
): Record<string, unknown> {
  return { ...campaignJson(campaign, []), shards: { count, missing, stopped }, left };
}

function leftLines({ count, missing, stopped, left }: Merged, style: Style): string[] {
  if (missing.length + stopped.length === 0) return [];
  const which = [
    ...(missing.length === 0 ? [] : [`${shardsText(missing, count)} missing`]),
    ...(stopped.length === 0 ? [] : [`${shardsText(stopped, count)} stopped`]),
  ].join(', ');
  const many = sizeOf(left);
  const seeds = `${counted(many, 'seed', 'seeds')} (${rangesText(left)}) ${many === 1 ? 'was' : 'were'} not executed`;
  return ['', style.yellow(`not whole: ${which}; ${seeds}`)];
}

function shardsText(numbers: readonly number[], count: number): string {
  const ranges = rangesText(joined(numbers.map((number) => [number, number])));
  const of = `${ranges} of ${formatNumber(count)}`;
  return numbers.length === 1 ? `shard ${of} is` : `shards ${of} are`;
}
