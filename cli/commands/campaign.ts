/** `simcity campaign`: many seeds at full speed; each distinct failure is then recorded and made small. */
import type { Campaign, Run } from '../../server/contract/index.ts';
import { followCampaign, isOver, lostText } from '../campaign/follow.ts';
import { type CampaignFlags, openSession } from '../campaign/open-session.ts';
import { type CampaignReporter, lineReporter } from '../campaign/reporter.ts';
import type { CampaignSession } from '../campaign/session.ts';
import { workForSession } from '../campaign/work-session.ts';
import { type Connected, connectForReading } from '../hosting/connect.ts';
import { findServer, type ServerFlags } from '../hosting/find-server.ts';
import { campaignJson, campaignText } from '../output/campaign.ts';
import { styleFor } from '../output/style.ts';
import { type Context, canDraw, wantsColor } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import { safeJson, safeText } from '../run/sanitize.ts';

/** Exit code 0: no seed failed; 1: some did; 4: shards were lost; 130: interrupted, to be resumed. */
export async function campaign(context: Context, named: string, flags: CampaignFlags): Promise<number> {
  if (flags.detach) await refuseDetached(context, flags);
  const { say } = lineReporter(context);
  const session = await openSession(context, named, flags, say);
  let undo = () => {};
  try {
    if (flags.detach) return await detached(context, session, flags);
    const stopping = createStopping(context);
    const work = async (reporter: CampaignReporter) => {
      const last = await workForSession(context, { session, flags, reporter, stopping });
      if (last.state === 'done') undo = heedSecond(context);
      return last;
    };
    const last = isOnScreen(context, flags)
      ? await (await import('../tui/campaign/control.ts')).campaignControl(
          context,
          session,
          work,
          stopping.stop,
        )
      : await work(lineReporter(context));
    const runs = last.findings.some(({ run }) => run !== null)
      ? await runsOf(await session.connect(), last)
      : [];
    await session.close();
    return await told(context, last, runs, flags, session);
  } finally {
    await session.close();
    undo();
  }
}

/** `simcity campaign watch`: how one stands that others work for, until its end. */
export async function watchCampaign(
  context: Context,
  name: string,
  flags: ServerFlags & { json?: true },
): Promise<number> {
  const reporter = lineReporter(context);
  const connected = await connectForReading(context, flags, reporter.say);
  const left = new AbortController();
  const undo = context.onSignal(() => left.abort());
  try {
    const store = { renewEveryMs: 1_000, campaign: (of: string) => connected.api.campaign(of) };
    if ((await store.campaign(name)) === null) throw unknown(name);
    const last = await followCampaign(store, name, { reporter, known: [], left: left.signal });
    reporter.clear();
    return await told(context, last, await runsOf(connected, last), flags, null);
  } finally {
    undo();
    await connected.hosted?.close();
  }
}

/** `simcity campaign stop`: what is under way is stored first; it can be gone on with. */
export async function stopCampaign(context: Context, name: string, flags: ServerFlags): Promise<number> {
  const connected = await connectForReading(context, flags);
  try {
    if ((await connected.api.campaign(name)) === null) throw unknown(name);
    const campaign = await connected.api.stopCampaign(name);
    const done = campaign.state === 'done' ? 'is done already' : 'is stopped';
    await context.out(`campaign ${safeText(name)} ${done}\n`);
    return EXIT.pass;
  } finally {
    await connected.hosted?.close();
  }
}

/** What came of it, on stdout. `session` null: it is only looked at. */
async function told(
  context: Context,
  campaign: Campaign,
  runs: readonly Run[],
  flags: ServerFlags & { json?: true },
  session: CampaignSession | null,
): Promise<number> {
  const style = styleFor(wantsColor(context, 'stdout'));
  const text = flags.json ? safeJson(campaignJson(campaign, runs), 2) : campaignText(campaign, runs, style);
  await context.out(`${text}\n`);
  if (campaign.state !== 'done') {
    const { name } = campaign;
    const goesOn = session !== null && !session.isOwners && !isOver(campaign);
    const how = goesOn ? 'it goes on; work for it again with' : 'go on with';
    context.err(`simcity: ${how}: simcity campaign --resume ${safeText(name)}${serverText(flags)}\n`);
    return EXIT.interrupted;
  }
  if (campaign.shardsLost > 0) context.err(`simcity: ${lostText(campaign)}.\n`);
  if (campaign.failures > 0) return EXIT.fail;
  return campaign.shardsLost > 0 ? EXIT.unreachable : EXIT.pass;
}

/** Those that recorded its failures, with their bundles. */
async function runsOf({ api }: Connected, { name }: Campaign): Promise<Run[]> {
  return (await api.runs({ campaign: name, limit: 200 })).runs;
}

/** @throws CliError for one that only this process executes. */
async function detached(
  context: Context,
  { name, isServed }: CampaignSession,
  flags: CampaignFlags,
): Promise<number> {
  const shown = safeText(name);
  if (!isServed) {
    throw usageError(
      `the campaign '${shown}' is kept in this directory, where no runner sees it.`,
      'Go on with it without --detach.',
    );
  }
  await context.out(`${name}\n`);
  const begun = flags.resume === undefined ? 'is started' : 'goes on';
  context.err(
    `simcity: campaign ${shown} ${begun}; runners of the server execute it. Watch it: simcity campaign watch ${shown}${serverText(flags)}\n`,
  );
  return EXIT.pass;
}

/** What a command that is told of needs to find the same server. */
function serverText({ server }: ServerFlags): string {
  return server === undefined ? '' : ` --server ${safeText(server)}`;
}

/** Nobody would execute it. @throws CliError */
async function refuseDetached(context: Context, flags: CampaignFlags): Promise<void> {
  if ((await findServer(context, flags)) !== null) return;
  throw usageError(
    '--detach leaves a campaign to the runners of a server, and there is none.',
    'Start one with `simcity up`, or name another with --server URL or SIMCITY_URL.',
  );
}

function unknown(name: string): Error {
  return usageError(`there is no campaign '${safeText(name)}' on that server.`);
}

/** It is over, and is told so also to who stops it now; only who does that again leaves at once. */
function heedSecond(context: Context): () => void {
  let isTold = false;
  return context.onSignal(() => {
    if (isTold) context.leave(EXIT.interrupted);
    isTold = true;
  });
}

function isOnScreen(context: Context, flags: CampaignFlags): boolean {
  return canDraw(context) && !flags.json && !flags.log;
}
