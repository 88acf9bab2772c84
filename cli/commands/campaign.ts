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
import { openFor } from './screen.ts';

/** As its summary is asked for, and what tells how it goes on. */
interface Shown {
  json?: true;
  log?: true;
}

/** Exit code 0: no seed failed; 1: some did; 4: shards were lost; 130: interrupted, to be resumed. */
export async function campaign(context: Context, named: string, flags: CampaignFlags): Promise<number> {
  if (flags.detach) await refuseDetached(context, flags);
  const { say } = lineReporter(context);
  const session = await openSession(context, named, flags, say);
  let undo = () => {};
  try {
    if (flags.detach) return await detached(context, session);
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

/** `simcity campaign watch`: how one stands that others work for, on the screen until it is left, else in lines until its end. */
export async function watchCampaign(
  context: Context,
  name: string,
  flags: ServerFlags & Shown,
): Promise<number> {
  if (isOnScreen(context, flags)) return watchOnScreen(context, name, flags);
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

async function watchOnScreen(context: Context, name: string, flags: ServerFlags): Promise<number> {
  const opened = await openFor(context, flags, `campaign ${safeText(name)}`);
  let connected: Connected | null = null;
  try {
    connected = await connectForReading(context, flags, opened.say);
    const { api } = connected;
    const begun = await api.campaign(name);
    if (begun === null) throw unknown(name);
    const { showStored } = await import('../tui/campaign/stored.ts');
    opened.ready();
    await showStored(context, opened.screen, api, name, flags.dataDir);
    opened.close();
    const last = (await api.campaign(name)) ?? begun;
    return await told(context, last, await runsOf(connected, last), {}, null);
  } finally {
    opened.close();
    await connected?.hosted?.close();
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
  { json }: { json?: true },
  session: CampaignSession | null,
): Promise<number> {
  const style = styleFor(wantsColor(context, 'stdout'));
  const text = json ? safeJson(campaignJson(campaign, runs), 2) : campaignText(campaign, runs, style);
  await context.out(`${text}\n`);
  if (campaign.state !== 'done') {
    const { name } = campaign;
    context.err(`simcity: ${onwardText(campaign, session)} ${safeText(name)}\n`);
    return EXIT.interrupted;
  }
  if (campaign.shardsLost > 0) context.err(`simcity: ${lostText(campaign)}.\n`);
  if (campaign.failures > 0) return EXIT.fail;
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
async function runsOf({ api }: Connected, { name }: Campaign): Promise<Run[]> {
  return (await api.runs({ campaign: name, limit: 200 })).runs;
}

async function detached(context: Context, { name }: CampaignSession): Promise<number> {
  await context.out(`${name}\n`);
  context.err(
    `simcity: campaign ${safeText(name)} is started; runners of the server execute it. Watch it: simcity campaign watch ${safeText(name)}\n`,
  );
  return EXIT.pass;
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

function isOnScreen(context: Context, flags: Shown): boolean {
  return canDraw(context) && !flags.json && !flags.log;
}
