/** How far a campaign is: by its seeds, and by its time where that is its budget. */
import {
  countedSeeds,
  rateText,
  recentRate,
  secondsLeft,
  shareThrough,
} from '../../run/campaign-progress.ts';
import { counted, formatCompact, formatSeconds } from '../../run/format.ts';
import { shardsText } from '../../run/runner-words.ts';
import { framed, innerSize } from '../components/frame.ts';
import { BOLD, DIM, type Line, lineWidth, span, spread } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { CampaignView } from './state.ts';

export const ProgressPane = pane<{ view: CampaignView }>(
  'CampaignProgressPane',
  ({ view: { picture, doing } }, { width, height }) => {
    const { campaign } = picture;
    if (campaign === null) return framed({ title: 'Progress', width, height }, []);
    const inner = innerSize(width, height);
    const share = shareThrough(campaign);
    const bar = Math.max(10, Math.min(60, inner.width - 42));
    const full = Math.round(share * bar);
    const line: Line = [
      span('█'.repeat(full), { color: 'cyan' }),
      span('░'.repeat(bar - full), DIM),
      span(` ${String(Math.floor(share * 100)).padStart(3)} %`, BOLD),
      span(`  ${countedSeeds(campaign)}`),
    ];
    const { operations, seedsFailing, seconds } = campaign;
    const counts: Line = [
      span(`${formatCompact(operations)} operations`, DIM),
      span(`  ${counted(seedsFailing, 'seed', 'seeds')} failed`, seedsFailing > 0 ? { color: 'red' } : DIM),
      span(`  ${formatSeconds(seconds)}`, DIM),
    ];
    const shards = shardsText(campaign);
    const ofShards = [span(shards === '' ? '' : `shards: ${shards}`, DIM)];
    // They have a view of their own.
    const fits = lineWidth(counts) + lineWidth(ofShards) < inner.width;
    const told = fits ? spread(counts, ofShards, inner.width) : counts;
    return framed({ title: 'Progress', aside: paceText(campaign, doing), width, height }, [line, told]);
  },
);

/** How fast it is and how long it takes yet; while it has no rate, what it does. */
function paceText(campaign: NonNullable<CampaignView['picture']['campaign']>, doing: string): string {
  const rate = recentRate(campaign);
  const left = secondsLeft(campaign);
  if (campaign.state !== 'running' || campaign.shards.running === 0 || rate === null || rate === 0)
    return doing;
  return left === null ? rateText(rate) : `${rateText(rate)}, ${formatSeconds(left)} left`;
}
