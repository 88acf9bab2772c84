/** Executes campaigns against known bugs until one finds it, and counts their operations, which no load changes. */
import { type CampaignSubject, executeSeed } from '../../runner/campaign/seed.ts';
import { StopControl } from '../../runner/harness/stop-control.ts';
import { CityKeeper } from '../../runner/targets/postgres/keeper.ts';
import { type NamedBug, runConfigSchema } from '../../server/contract/index.ts';
import type { TargetName } from './measure.ts';

export interface SearchOptions {
  target: TargetName;
  /** Campaigns, each with seeds of its own. */
  campaigns: number;
  /** A campaign that has found nothing after so many operations counts as if it had found it then. */
  mostOperations: number;
  url: string | null;
}

/** More than a campaign executes here. */
const SEEDS_APART = 1_000;

/** Mean of the logarithms of the operations that campaigns begin until the first seed fails, with it. */
export async function logOperationsUntilFound(
  { scenario, name: bug }: NamedBug,
  strategy: string,
  { target, campaigns, mostOperations, url }: SearchOptions,
): Promise<number> {
  const config = runConfigSchema.parse({ bug, strategy });
  const subject = { scenario, target, config, targetUrl: url };
  const cities = new CityKeeper();
  let sum = 0;
  try {
    for (let i = 0; i < campaigns; i++)
      sum += Math.log(await untilFound(subject, i * SEEDS_APART + 1, mostOperations, cities));
  } finally {
    await cities.close();
  }
  return sum / campaigns;
}

async function untilFound(
  subject: CampaignSubject,
  firstSeed: number,
  mostOperations: number,
  cities: CityKeeper,
): Promise<number> {
  const signal = new StopControl();
  let operations = 0;
  for (let seed = firstSeed; operations < mostOperations; seed++) {
    const outcome = await executeSeed(subject, seed, signal, { cities });
    operations += outcome?.operations ?? 0;
    if (outcome?.failure) break;
  }
  return Math.min(operations, mostOperations);
}
