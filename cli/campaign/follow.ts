/** Follows a campaign by how it stands, and tells what is new in it. */
import { type Campaign, formatSignature } from '../../server/contract/index.ts';
import { pause } from '../client/pause.ts';
import { CliError, messageOf } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import type { CampaignReporter } from './reporter.ts';
import type { CampaignStore } from './store.ts';

const LEAST_EVERY_MS = 100;
const MOST_EVERY_MS = 500;

/**
 * Until `left` is aborted, or the campaign is over; resolves to how it stood last. A server that is away is waited for.
 * `known` failures are not told of, nor are those of the campaign's baseline. @throws CliError when it is not there.
 */
export async function followCampaign(
  store: Pick<CampaignStore, 'campaign' | 'renewEveryMs'>,
  name: string,
  { reporter, known, left }: { reporter: CampaignReporter; known: readonly string[]; left: AbortSignal },
): Promise<Campaign> {
  const told = new Set(known);
  let lost = 0;
  let last: Campaign | null = null;
  for (;;) {
    const campaign: Campaign | null = await store.campaign(name).catch((error: unknown) => {
      if (!(error instanceof CliError) || last === null) throw error;
      reporter.away(safeText(messageOf(error)));
      return last;
    });
    if (campaign === null) throw new CliError(`the campaign ${safeText(name)} was removed.`, { exitCode: 4 });
    for (const finding of campaign.findings.toSorted((one, other) => one.firstSeed - other.firstSeed)) {
      const signature = formatSignature(finding.signature);
      if (!told.has(signature) && !campaign.known.includes(signature)) reporter.found(finding);
      told.add(signature);
    }
    if (campaign.shardsLost > lost) reporter.say(lostText(campaign));
    lost = campaign.shardsLost;
    if (campaign !== last) reporter.stands(campaign);
    last = campaign;
    if (left.aborted || isOver(campaign)) return campaign;
    await pause(Math.max(LEAST_EVERY_MS, Math.min(MOST_EVERY_MS, store.renewEveryMs)), left);
  }
}

export function isOver({ state }: Campaign): boolean {
  return state === 'done' || state === 'stopped';
}

/** Shards that are infrastructure's, with why; safe to print. */
export function lostText({ shardsLost, shardsToSee }: Campaign): string {
  const why = shardsToSee.find(({ state, why }) => state === 'lost' && why !== null)?.why;
  const many = shardsLost === 1 ? '1 shard is lost: it was' : `${shardsLost} shards are lost: they were`;
  return `${many} claimed three times and not executed to the end${why ? ` (${safeText(why)})` : ''}`;
}
