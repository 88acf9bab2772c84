/** How far a campaign is, in numbers and words, for the page and the terminal. */
import type {
  Campaign,
  CampaignSample,
  CampaignState,
  CampaignSummary,
} from '../../server/contract/index.ts';
import { formatCompact, formatNumber, formatSeconds } from './format.ts';

export const CAMPAIGN_WORDS: Record<CampaignState, string> = {
  running: 'RUNNING',
  recording: 'RECORDING',
  done: 'DONE',
  stopped: 'STOPPED',
};

/** What a state that is not told by its word alone means. */
export const CAMPAIGN_STATES_MEAN: Partial<Record<CampaignState, string>> = {
  stopped: 'It was stopped before its end.',
};

/** The newest seconds, which tell how fast it is now. */
const RECENT_SECONDS = 10;

type Counts = Pick<CampaignSummary, 'seedsThrough' | 'seconds' | 'operations'>;

/** Samples and how far it is now, which the newest sample may lag behind; from the beginning. */
export function wholeCourse({ course, ...now }: Counts & Pick<Campaign, 'course'>): CampaignSample[] {
  const last = { seconds: now.seconds, seeds: now.seedsThrough, operations: now.operations };
  const isNewer = last.seconds > (course.at(-1)?.seconds ?? 0);
  return [{ seconds: 0, seeds: 0, operations: 0 }, ...course, ...(isNewer ? [last] : [])];
}

/** Seeds a second of late; null: not known yet. */
export function recentRate(campaign: Counts & Pick<Campaign, 'course'>): number | null {
  const course = wholeCourse(campaign);
  const now = course.at(-1);
  if (now === undefined) return null;
  const then = course.findLast(({ seconds }) => seconds <= now.seconds - RECENT_SECONDS) ?? course[0] ?? now;
  const seconds = now.seconds - then.seconds;
  return seconds > 0 ? (now.seeds - then.seeds) / seconds : null;
}

/** Seeds a second over all of it; null: not known yet. */
export function meanRate({ seedsThrough, seconds }: Counts): number | null {
  return seconds > 0 ? seedsThrough / seconds : null;
}

/** `12.4 seeds/s`; '' while there is no rate. */
export function rateText(rate: number | null): string {
  return rate === null
    ? ''
    : `${formatCompact(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate))} seeds/s`;
}

/** The share of it that is done: by its time where that is its budget, else by its seeds. */
export function shareThrough({ seedsThrough, seedsTotal, budgetSeconds, seconds }: Campaign): number {
  const bySeeds = seedsTotal === 0 ? 0 : seedsThrough / seedsTotal;
  return Math.min(1, Math.max(bySeeds, budgetSeconds === null ? 0 : seconds / budgetSeconds));
}

/** Seconds until its end, at the rate of late; null: not known yet. */
export function secondsLeft(campaign: Campaign): number | null {
  const { seedsTotal, seedsThrough, budgetSeconds, seconds } = campaign;
  const ofTime = budgetSeconds === null ? null : Math.max(0, budgetSeconds - seconds);
  const rate = recentRate(campaign);
  if (rate === null || rate === 0) return ofTime;
  const ofSeeds = (seedsTotal - seedsThrough) / rate;
  return ofTime === null ? ofSeeds : Math.min(ofTime, ofSeeds);
}

/** What it does now and how long it takes yet; '' when it does nothing more. */
export function doingText(campaign: Campaign): string {
  const { state, seedsTotal, seedsThrough, shards, build } = campaign;
  if (state === 'recording') return 'recording and shrinking what failed';
  if (state !== 'running') return '';
  // Without a server it is between two shards.
  const isAlone = build === null;
  if (shards.running === 0)
    return seedsThrough === seedsTotal || isAlone ? '' : 'no claimant is at work on it';
  const rate = recentRate(campaign);
  const left = secondsLeft(campaign);
  if (rate === null || rate === 0 || left === null) return 'the first seeds are under way';
  return `${rateText(rate)}, ${formatSeconds(left)} left`;
}

/** `70 of 400`, or `400` when all are through, and where time is what ends it. */
export function seedsText({ seedsThrough, seedsTotal, budgetSeconds }: CampaignSummary): string {
  if (budgetSeconds !== null) return formatNumber(seedsThrough);
  const total = formatNumber(seedsTotal);
  return seedsThrough === seedsTotal ? total : `${formatNumber(seedsThrough)} of ${total}`;
}

/** `70 of 400 seeds`. */
export function countedSeeds(campaign: CampaignSummary): string {
  const many = campaign.budgetSeconds === null ? campaign.seedsTotal : campaign.seedsThrough;
  return `${seedsText(campaign)} ${many === 1 ? 'seed' : 'seeds'}`;
}
