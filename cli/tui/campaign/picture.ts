/** A campaign as it is drawn: as it stands, or from the runs of it that a server has. */
import {
  type Campaign,
  type Finding,
  formatSignature,
  type Run,
  type Runner,
  type Smallest,
  smallestSchema,
} from '../../../server/contract/index.ts';
import { runOutcome } from '../../run/outcome.ts';

export interface CampaignPicture {
  name: string;
  /** As it stands; null where only its recorded runs are known. */
  campaign: Campaign | null;
  scenario: string;
  target: string;
  /** As far as a server knows of them, at work for it or not. */
  runners: readonly Runner[];
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
  run: Finding['run'];
  /** The command that shows it again; null before one is known. */
  reproduce: string | null;
}

/** As it stands. `runs` hold the smallest reproductions of what is recorded. */
export function pictureOfCampaign(
  campaign: Campaign,
  runs: readonly Run[],
  runners: readonly Runner[] = [],
): CampaignPicture {
  const { name, scenario, target } = campaign;
  return {
    ...{ name, campaign, scenario, target, runners, unjudged: null },
    rows: campaign.findings.map(({ signature, run, ...finding }) => ({
      ...finding,
      failure: formatSignature(signature),
      smallest: smallestOf(runs.find(({ id }) => id === run?.id)),
      run,
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
    ...{ name, campaign: null, runners: [] },
    scenario: first?.scenario ?? '',
    target: first?.target ?? '',
    unjudged: own.filter(({ status }) => status === 'STOPPED').length,
    rows: own.flatMap((run) => {
      const { id, number, seed, failForensic: bundle, live } = run;
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
          ...{ seeds: null, firstSeed: null, seed, why: '', run: { id, number } },
          operations: live.metrics['operations'] ?? null,
          smallest,
          reproduce: smallest?.reproduce ?? bundle.reproduce,
        },
      ];
    }),
  };
}
