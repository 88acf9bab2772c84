/** A campaign as it is drawn: as it stands, or from the runs of it that a server has. */
import {
  type Campaign,
  type CampaignState,
  formatSignature,
  type Run,
  type Smallest,
  smallestSchema,
} from '../../../server/contract/index.ts';
import { runOutcome } from '../../run/outcome.ts';

export interface CampaignPicture {
  name: string;
  /** Null: no server knows it. */
  state: CampaignState | null;
  scenario: string;
  target: string;
  /** Seeds that are through, and all; null where only the recorded runs are known. */
  through: number | null;
  seeds: number | null;
  operations: number | null;
  /** Seeds that failed; null where only the recorded runs are known. */
  failing: number | null;
  /** Recorded runs that ended without a verdict; null where only the seeds are known. */
  unjudged: number | null;
  rows: readonly FailureRow[];
}

/** Everything that failed in one way. */
export interface FailureRow {
  failure: string;
  message: string;
  seeds: number | null;
  firstSeed: number | null;
  /** The one that is recorded and shrunk. */
  seed: number;
  operations: number | null;
  smallest: Smallest | null;
  /** Why there is no smallest one; '' while that is not known. */
  why: string;
  /** The recorded run; null before it was. */
  run: string | null;
  /** The command that shows it again; null before one is known. */
  reproduce: string | null;
}

/** As it stands. `runs` hold the smallest reproductions of what is recorded. */
export function pictureOfCampaign(campaign: Campaign, runs: readonly Run[]): CampaignPicture {
  const { name, state, scenario, target, operations, seedsThrough, seedsTotal, seedsFailing } = campaign;
  return {
    ...{ name, state, scenario, target, operations },
    ...{ through: seedsThrough, seeds: seedsTotal, failing: seedsFailing, unjudged: null },
    rows: campaign.findings.map(({ signature, run, ...finding }) => ({
      ...finding,
      failure: formatSignature(signature),
      smallest: smallestOf(runs.find(({ id }) => id === run?.id)),
      run: run?.id ?? null,
    })),
  };
}

function smallestOf(run: Run | undefined): Smallest | null {
  return smallestSchema.safeParse(run?.failForensic?.smallest).data ?? null;
}

/** From the recorded runs alone: each that failed is a failure of its own. */
export function pictureOfRuns(name: string, runs: readonly Run[]): CampaignPicture {
  const own = runs.filter(({ campaign }) => campaign === name);
  const first = own[0];
  return {
    name,
    state: null,
    scenario: first?.scenario ?? '',
    target: first?.target ?? '',
    ...{ through: null, seeds: null, operations: null, failing: null },
    unjudged: own.filter(({ status }) => status === 'STOPPED').length,
    rows: own.flatMap((run) => {
      const { id, seed, failForensic: bundle, live } = run;
      if (bundle === null || runOutcome(run) !== 'FAIL') return [];
      const smallest = smallestOf(run);
      // Elsewhere the invariant alone says what broke.
      const operation = bundle.kind === 'linearizability' ? bundle.operation?.['operation'] : null;
      return [
        {
          failure: [
            bundle.kind,
            bundle.invariant,
            ...(typeof operation === 'string' ? [operation] : []),
          ].join('/'),
          message: bundle.message,
          ...{ seeds: null, firstSeed: null, seed, why: '', run: id },
          operations: live.metrics['operations'] ?? null,
          smallest,
          reproduce: smallest?.reproduce ?? bundle.reproduce,
        },
      ];
    }),
  };
}
