/** What a server is told of a campaign: its checkpoint without what only this machine may know. */
import {
  type CampaignReport,
  type FindingReport,
  MOST_FINDINGS,
  sizeOf,
  without,
} from '../../server/contract/index.ts';
import type { Checkpoint, Found } from './checkpoint.ts';

const LONGEST_TEXT = 2_000;

/** Who reports, and how the campaign stands. */
export type Reported = Pick<CampaignReport, 'holder' | 'begins' | 'after' | 'state' | 'at'>;

/** What starts a service, and files of the user's, stay here. */
export function reportOf(checkpoint: Checkpoint, reported: Reported): CampaignReport {
  const { id, scenario, target, config, generation, simcity, seeds, operations, seconds, course } =
    checkpoint;
  const mostFrequent = checkpoint.found.toSorted((one, other) => other.seeds - one.seeds);
  return {
    ...reported,
    ...{ id, scenario, target, config, generation, seeds, operations, seconds, course },
    version: simcity,
    seedsThrough: sizeOf(checkpoint.through),
    findings: mostFrequent.slice(0, MOST_FINDINGS).map(findingOf),
  };
}

function findingOf({ smallest, message, why, ...found }: Found): FindingReport {
  return {
    ...found,
    message: message.slice(0, LONGEST_TEXT),
    why: why.slice(0, LONGEST_TEXT),
    smallest: smallest?.operations ?? null,
    reproduce: smallest?.reproduce ?? null,
  };
}

/** How a campaign stands that nobody conducts. */
export function restingState({ finished, seeds, through }: Checkpoint): 'done' | 'interrupted' {
  return (finished ?? without(seeds, through).length === 0) ? 'done' : 'interrupted';
}
