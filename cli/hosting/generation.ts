/** Keeps apart what generations of the engine mean by a seed: what executes one again is refused for another's. */
import { type Engine, otherGeneration, type Run } from '../../server/contract/index.ts';
import { usageError } from '../process/errors.ts';
import { VERSION } from '../process/version.ts';
import { engineTextOf, OLDER_VERSION } from '../run/engine-text.ts';
import { runName } from '../run/run-name.ts';
import { safeText } from '../run/sanitize.ts';

/** @throws CliError for a run whose seed means something else to this engine, or which was never executed. */
export function refuseOtherGeneration(run: Run): void {
  if (engineTextOf(run) === null) {
    throw usageError(`run ${runName(run)} was never executed: it ended before a runner took it.`);
  }
  const why = otherGeneration(run, VERSION);
  if (why === null) return;
  const hint =
    run.generation === null
      ? `Replay it with the version that its first event names: \`simcity events ${run.number} --limit 1 --json\`.`
      : `Replay it with ${simcityOf(run)}.`;
  throw usageError(`run ${runName(run)} ${safeText(why)}.`, hint);
}

/** Which engine a campaign executes its seeds with. */
interface CampaignEngine {
  name: string;
  generation: Engine['generation'];
  /** Version of the SimCity that began it. */
  simcity: Engine['version'];
}

/** @throws CliError for a campaign whose seeds mean something else to this engine. */
export function refuseOtherCampaign(campaign: CampaignEngine): void {
  const engine = { generation: campaign.generation, version: campaign.simcity };
  const why = otherGeneration(engine, VERSION);
  if (why === null) return;
  throw usageError(
    `campaign ${safeText(campaign.name)} ${safeText(why)}.`,
    `Go on with it by ${simcityOf(engine)}, or start a new one with another --name.`,
  );
}

/** @throws CliError when a runner of another engine has executed what records a seed of a campaign. */
export function refuseOtherRecord(run: Run): void {
  const why = engineTextOf(run) === null ? null : otherGeneration(run, VERSION);
  if (why === null) return;
  throw usageError(
    `run ${runName(run)}, which records seed ${run.seed} of the campaign, ${safeText(why)}.`,
    'Let a runner of this version take it (`simcity runner`), then go on with `simcity campaign --resume`.',
  );
}

/** Null for a run that may be executed again here; else with what that takes, for people. */
export function executedElsewhereBy(run: Run): string | null {
  return engineTextOf(run) === null || otherGeneration(run, VERSION) === null ? null : simcityOf(run);
}

/** The SimCity that has this engine, such as `SimCity 0.2.0`. */
export function simcityOf({ generation, version }: Engine): string {
  if (version !== null) return `SimCity ${safeText(version)}`;
  return generation === null
    ? `the SimCity that executed it (${OLDER_VERSION})`
    : `a SimCity of generation ${generation}`;
}
