/** A campaign without a server, as a server would tell of it. */
import {
  type Campaign,
  type CampaignImport,
  type CampaignState,
  type Finding,
  failingOf,
  formatSignature,
  reproduceCommand,
  sizeOf,
  without,
} from '../../server/contract/index.ts';
import { type Checkpoint, executesOwnCode } from './checkpoint.ts';

export interface Progress {
  /** True while a shard of it is executed. */
  isUnderWay: boolean;
  /** Shards so far. */
  shards: number;
}

export function campaignOf(checkpoint: Checkpoint, { isUnderWay, shards }: Progress): Campaign {
  const { name, id, scenario, target, config, generation, simcity, seeds, seconds, course, endedBy } =
    checkpoint;
  const { budgetSeconds, untilNew, known, tally, createdAt } = checkpoint;
  const { operations, proved, identical, reached, failures } = tally;
  return {
    ...{ name, id, scenario, target, config, generation, seeds, seconds, course, endedBy },
    ...{ budgetSeconds, untilNew, known, operations, proved, identical, reached, createdAt },
    ...{ version: simcity, build: null, code: null, label: null, shardsLost: 0 },
    state: stateOf(checkpoint, isUnderWay),
    ...{ seedsTotal: sizeOf(seeds), seedsThrough: sizeOf(tally.through) },
    ...{ seedsFailing: failingOf(failures), failures: failures.length },
    ...{ runners: isUnderWay ? 1 : 0, updatedAt: new Date().toISOString() },
    shards: { open: 0, running: isUnderWay ? 1 : 0, done: shards - (isUnderWay ? 1 : 0), lost: 0 },
    shardsToSee: [],
    findings: findingsOf(checkpoint),
  };
}

/** As a server stores it, without what only this machine may know: what starts a service, and files of the user's. */
export function importOf(checkpoint: Checkpoint, at: Date): CampaignImport {
  const { id, scenario, target, config, generation, simcity, seeds, seconds, tally, course } = checkpoint;
  const { budgetSeconds, untilNew, known, recorded, finished } = checkpoint;
  return {
    ...{
      id,
      scenario,
      target,
      config,
      generation,
      seeds,
      seconds,
      tally,
      course,
      budgetSeconds,
      untilNew,
      known,
    },
    ...{ version: simcity, build: null, code: null, label: null },
    state: finished ? 'done' : 'stopped',
    records: tally.failures.map(({ signature }) => {
      const known = recorded.find(({ failure }) => failure === formatSignature(signature));
      return {
        ...{ smallest: known?.smallest ?? null, why: known?.why ?? '', reproduce: known?.reproduce ?? null },
        run: known?.run ?? null,
      };
    }),
    at: at.toISOString(),
  };
}

function stateOf({ finished, seeds, tally, endedBy }: Checkpoint, isUnderWay: boolean): CampaignState {
  if (finished) return 'done';
  if (endedBy === 'stop' && !isUnderWay) return 'stopped';
  const isThrough = endedBy !== null || without(seeds, tally.through).length === 0;
  return isThrough && !isUnderWay ? 'recording' : 'running';
}

/** The most frequent first. */
function findingsOf(checkpoint: Checkpoint): Finding[] {
  const { tally, recorded, scenario, target, config } = checkpoint;
  return tally.failures
    .map((failure): Finding => {
      const known = recorded.find((each) => each.failure === formatSignature(failure.signature));
      const { run = null, number = null } = known ?? {};
      // Before it is recorded the whole seed shows it; what starts the user's code is told by the recorded run alone.
      const whole = executesOwnCode(checkpoint)
        ? null
        : reproduceCommand({ scenario, target, config, seed: failure.seed });
      return {
        ...failure,
        ...{ smallest: known?.smallest ?? null, why: known?.why ?? '', reproduce: known?.reproduce ?? whole },
        run: run === null || number === null ? null : { id: run, number },
      };
    })
    .sort((one, other) => other.seeds - one.seeds);
}
