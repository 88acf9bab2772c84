/** What is told of a campaign at its end, or when it is left, and the command that leads back to it. */
import type { Campaign, Run } from '../../server/contract/index.ts';
import { shellWord } from '../../server/contract/reproduce.ts';
import { newFailures } from '../campaign/baseline.ts';
import { isOver, lostText } from '../campaign/follow.ts';
import type { CampaignSession } from '../campaign/session.ts';
import type { Connected } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import { campaignJson, campaignText } from '../output/campaign.ts';
import { styleFor } from '../output/style.ts';
import { type Context, canDraw, wantsColor } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { safeJson, safeText } from '../run/sanitize.ts';

/** As its summary is asked for, and what tells how it goes on. */
export interface Shown {
  json?: true;
  log?: true;
}

/** What came of it, on stdout. `session` null: it is only looked at. */
export async function told(
  context: Context,
  campaign: Campaign,
  runs: readonly Run[],
  flags: ServerFlags & { json?: true; exitZero?: true },
  session: CampaignSession | null,
): Promise<number> {
  const style = styleFor(wantsColor(context, 'stdout'));
  const text = flags.json ? safeJson(campaignJson(campaign, runs), 2) : campaignText(campaign, runs, style);
  await context.out(`${text}\n`);
  if (campaign.state !== 'done') {
    const { name } = campaign;
    context.err(`simcity: ${onwardText(campaign, session)} ${safeText(name)}${whereText(flags)}\n`);
    return EXIT.interrupted;
  }
  if (campaign.shardsLost > 0) context.err(`simcity: ${lostText(campaign)}.\n`);
  if (newFailures(campaign.known, campaign.findings).length > 0)
    return flags.exitZero ? EXIT.pass : EXIT.fail;
  return campaign.shardsLost > 0 ? EXIT.unreachable : EXIT.pass;
}

/** The command that leads back to a campaign that is not done. */
function onwardText(campaign: Campaign, session: CampaignSession | null): string {
  if (isOver(campaign) || session?.isOwners) return 'go on with: simcity campaign --resume';
  return session === null
    ? 'it goes on; see it: simcity campaign watch'
    : 'it goes on; work for it again with: simcity campaign --resume';
}

/** Those that recorded its failures, with their bundles. */
export async function runsOf({ api }: Connected, { name }: Campaign): Promise<Run[]> {
  return (await api.runs({ campaign: name, limit: 200 })).runs;
}

/** What a command that is told of needs to find the same server, or the same data. */
export function whereText({ server, dataDir }: ServerFlags): string {
  const words = [
    ...(server === undefined ? [] : ['--server', server]),
    ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
  ];
  return words.map((word) => ` ${shellWord(safeText(word))}`).join('');
}

export function isOnScreen(context: Context, flags: Shown): boolean {
  return canDraw(context) && !flags.json && !flags.log;
}
