/** Where a campaign is kept while claimants work for it: on a server, or in this process with a checkpoint beside it. */
import type {
  Campaign,
  ClaimedWork,
  FindingRecord,
  Run,
  ShardLeased,
  ShardResult,
  Tally,
  WorkTo,
} from '../../server/contract/index.ts';

export type ShardWork = WorkTo<'shard'>;
export type RecordWork = WorkTo<'record'>;

/** How far the recording of a failure is. */
export interface FailureRecord extends Omit<FindingRecord, 'fence' | 'signature' | 'run'> {
  /** Null: it is not recorded yet. */
  run: Pick<Run, 'id' | 'number'> | null;
}

export interface CampaignStore {
  /** How often a claimant says how far it is, in ms. */
  readonly renewEveryMs: number;
  /** `seeds`: as many as are executed here in the time that a shard is to take. */
  claim(seeds: number): Promise<ClaimedWork>;
  /** Goes on with a shard, of which `tally` is through. Null: it is not held any more. */
  renew(work: ShardWork, tally: Tally): Promise<ShardLeased | null>;
  /** Stores what came of a shard. False: it is not held any more, and nothing is stored. */
  finish(work: ShardWork, result: Omit<ShardResult, 'fence'>): Promise<boolean>;
  /** Null: the failure is not held any more; else whether the campaign was stopped. */
  record(work: RecordWork, record: FailureRecord): Promise<{ isOver: boolean } | null>;
  /** Ends the campaign before its end. */
  stop(name: string): Promise<void>;
  /** Null: there is none. */
  campaign(name: string): Promise<Campaign | null>;
}
