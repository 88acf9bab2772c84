/** How far a campaign is, in one line. */
import type { Campaign } from '../../server/contract/index.ts';
import { bar } from '../output/progress-line.ts';
import { recentRate, secondsLeft, shareThrough } from '../run/campaign-progress.ts';
import { formatCompact, formatNumber, formatSeconds } from '../run/format.ts';

/** Safe to print. */
export function progressText(campaign: Campaign): string {
  const { seedsThrough, seedsTotal, seedsFailing, budgetSeconds, proved, identical, runners, code } =
    campaign;
  const rate = recentRate(campaign) ?? 0;
  const perSeed = campaign.operations / Math.max(1, seedsThrough);
  const speed = `${formatCompact(rate)} seeds/s ${formatCompact(rate * perSeed)} op/s`;
  const of = budgetSeconds === null ? `/${formatNumber(seedsTotal)}` : ' seeds';
  const left = secondsLeft(campaign);
  const time = left === null ? '' : `  ${formatSeconds(left)} left`;
  const again = proved === 0 ? '' : `, ${identical} of ${proved} the same again`;
  const many = runners > 1 || code !== null ? `  ${runners} at work` : '';
  return `${bar(shareThrough(campaign), 16)} ${formatNumber(seedsThrough)}${of}  ${speed}${time}  ${formatNumber(seedsFailing)} failing${again}${many}`;
}
