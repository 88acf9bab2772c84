/** What is told of processes that work for campaigns, and of the shards that they hold. */
import type { Campaign, Runner, Shard, ShardState } from '../../server/contract/index.ts';
import { counted, formatCompact, formatNumber, formatSeconds } from './format.ts';

/** A runner that was not heard of for longer has lost what it held: as long as a claim holds. */
export const SILENT_SECONDS = 15;

/** True for one that fell silent while it held something. */
export function isSilent({ silentSeconds, work }: Pick<Runner, 'silentSeconds' | 'work'>): boolean {
  return silentSeconds > SILENT_SECONDS && work !== null;
}

/** True for one that has left, with nothing that it held. */
export function isGone({ silentSeconds, work }: Pick<Runner, 'silentSeconds' | 'work'>): boolean {
  return silentSeconds > SILENT_SECONDS && work === null;
}

/** `3 s ago`, of its last sign of life. */
export function heardText({ silentSeconds }: Pick<Runner, 'silentSeconds'>): string {
  if (silentSeconds < 1) return 'now';
  return silentSeconds < 60 ? `${Math.floor(silentSeconds)} s ago` : `${formatSeconds(silentSeconds)} ago`;
}

/** `shard 3 of`, before the name of the campaign; `waits` and `is gone` stand alone, of one that holds nothing. */
export function doesText(runner: Pick<Runner, 'silentSeconds' | 'work'>): string {
  if (runner.work === null) return isGone(runner) ? 'is gone' : 'waits';
  return runner.work.shard === null ? 'records a failure of' : `shard ${runner.work.shard} of`;
}

/** Those that work for this campaign, by their names. */
export function runnersOf(runners: readonly Runner[], campaign: string): Runner[] {
  return runners
    .filter(({ work }) => work?.campaign === campaign)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

export const SHARD_WORDS: Record<ShardState, string> = {
  running: 'under way',
  open: 'waits',
  done: 'done',
  lost: 'lost',
};

/** A shard, and the runner that holds it as far as that one is known. */
export interface ShardRow extends Shard {
  /** Null: nobody holds it, or its runner was not heard of for a day. */
  holder: Runner | null;
}

export function shardRows({ shardsToSee }: Campaign, runners: readonly Runner[]): ShardRow[] {
  return shardsToSee.map((shard) => ({
    ...shard,
    holder: shard.state === 'running' ? (runners.find(({ name }) => name === shard.runner) ?? null) : null,
  }));
}

/** `120 of 400`. */
export function shardSeedsText({ state, seedsThrough, seedsTotal }: Shard): string {
  return state === 'running'
    ? `${formatCompact(seedsThrough)} of ${formatCompact(seedsTotal)}`
    : formatCompact(seedsTotal);
}

/** `12 done, 2 under way, 1 lost`; what there is none of is not told. */
export function shardsText({ shards }: Pick<Campaign, 'shards'>): string {
  const told = (['done', 'running', 'open', 'lost'] as const).filter((state) => shards[state] > 0);
  return told.map((state) => `${formatNumber(shards[state])} ${WORDS_OF_MANY[state]}`).join(', ');
}

/** `waits` is of one. */
const WORDS_OF_MANY: Record<ShardState, string> = { ...SHARD_WORDS, open: 'waiting' };

/** `2 runners, 1 silent, 3 gone`: those that are gone are not among the first. */
export function workersText(runners: readonly Runner[]): string {
  const silent = runners.filter(isSilent).length;
  const gone = runners.filter(isGone).length;
  return [
    counted(runners.length - gone, 'runner', 'runners'),
    ...(silent === 0 ? [] : [`${formatNumber(silent)} silent`]),
    ...(gone === 0 ? [] : [`${formatNumber(gone)} gone`]),
  ].join(', ');
}
