/** Shards that were put together, as a campaign that was executed here: it is told, and gone on with, as any other. */
import { joined } from '../../../server/contract/index.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { Merged } from './merge.ts';

export interface Kept {
  name: string;
  /** Tells it from others of the same name. */
  id: string;
  at: Date;
  /** Failures that are known, by their signatures as text. */
  known: readonly string[];
}

export function mergedCheckpoint(merged: Merged, { name, id, at, known }: Kept): Checkpoint {
  const { campaign, tally, left, isTimed } = merged;
  const { scenario, target, config, generation, version } = campaign;
  const seconds = tally.executingMs / 1_000;
  return {
    ...{ version: 2, name, id, scenario, target, config, generation, simcity: version, tally, seconds },
    seeds: isTimed ? joined([...tally.through, ...left]) : campaign.seeds,
    ...{ exec: null, gate: null, untilNew: null, records: true, course: [] },
    ...{ known: [...known], first: [] },
    ...(isTimed ? { budgetSeconds: seconds, endedBy: 'time' } : { budgetSeconds: null, endedBy: null }),
    finished: left.length === 0,
    createdAt: at.toISOString(),
    recorded: [],
  };
}
