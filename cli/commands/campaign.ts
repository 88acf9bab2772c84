/** `simcity campaign`: many seeds at full speed; each distinct failure is then recorded and made small. */
import type { Campaign, Run } from '../../server/contract/index.ts';
import { newFailures } from '../campaign/baseline.ts';
import type { Claimants } from '../campaign/cluster/claimants.ts';
import { followCampaign, isOver, lostText } from '../campaign/follow.ts';
import { keeping } from '../campaign/kept-file.ts';
import { openSession } from '../campaign/open-session.ts';
import type { CampaignFlags } from '../campaign/plan.ts';
import { type CampaignReporter, lineReporter } from '../campaign/reporter.ts';
import type { CampaignSession } from '../campaign/session.ts';
import { workForSession } from '../campaign/work-session.ts';
import { type Connected, connectForReading } from '../hosting/connect.ts';
import { findServer, namedServer, type ServerFlags } from '../hosting/find-server.ts';
import { campaignJson, campaignText } from '../output/campaign.ts';
import { styleFor } from '../output/style.ts';
import { type Context, canDraw, wantsColor } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import type { ShardFlag } from '../program/flags.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import { openFor } from './screen.ts';

/** As its summary is asked for, and what tells how it goes on. */
interface Shown {
  json?: true;
  log?: true;
}

/** What executes its seeds in parts that know nothing of each other. */
interface PartFlags {
  shard?: ShardFlag;
  exitZero?: true;
  launcher?: 'kubernetes';
  shards?: number;
}

/** Exit code 0: no seed failed in a way that is not known; 1: some did; 4: shards were lost; 130: interrupted, to be resumed. */
export async function campaign(
  context: Context,
  named: string,
  flags: CampaignFlags & PartFlags,
): Promise<number> {
  const inParts = await campaignInParts(context, { ...flags, scenario: flags.scenario ?? named });
  if (inParts !== null) return inParts;
  if (flags.detach) await refuseDetached(context, flags);
  const lines = lineReporter(context);
  // What is said later, such as by what is hosted for it, must not be written into the picture.
  let { say: tell } = lines;
  const say = (message: string) => tell(message);
  refuseLate(flags);
  const kept = await keeping(context, flags);
  const launch = await launcherOf(context, flags, say);
  const session = await openSession(context, named, flags, { say, kept });
  let undo = () => {};
  let claimants: Claimants | null = null;
  try {
    claimants = (await launch?.(session.name).catch((error) => stopped(session, error))) ?? null;
    if (flags.detach) return await detached(context, session, flags);
    const stopping = createStopping(context);
    const work = async (reporter: CampaignReporter) => {
      tell = reporter.say;
      const how = claimants === null ? { flags, reporter } : besides(claimants, flags, reporter);
      const last = await workForSession(context, { session, stopping, ...how });
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
      : await work(lines);
    tell = lines.say;
    const runs = last.findings.some(({ run }) => run !== null)
      ? await runsOf(await session.connect(), last)
      : [];
    await session.close();
    kept?.keep(last);
    return await told(context, last, runs, flags, session);
  } finally {
    await claimants?.end();
    await session.close();
    undo();
  }
}

/** What starts claimants elsewhere for a campaign of the server that is named; null: none are asked for. */
async function launcherOf(
  context: Context,
  flags: CampaignFlags & PartFlags,
  say: (message: string) => void,
) {
  const server = namedServer(context, flags);
  if (flags.launcher === undefined || server === null) return null;
  const { claimantsOf } = await import('../campaign/cluster/claimants.ts');
  return await claimantsOf(context, flags, { url: server.url, say });
}

/** Nobody would execute it. */
async function stopped({ store, name }: CampaignSession, error: unknown): Promise<never> {
  await store.stop(name).catch(() => {});
  throw error;
}

/** Beside claimants elsewhere one seed at a time is executed here, and what failed recorded. They end with the seeds. */
function besides(claimants: Claimants, flags: CampaignFlags, reporter: CampaignReporter) {
  const stands = (campaign: Campaign) => {
    if (campaign.state !== 'running') void claimants.end();
    reporter.stands(campaign);
  };
  return { flags: { ...flags, parallel: 1 }, reporter: { ...reporter, stands } };
}

/** Null: neither a part of it was asked for nor all of them. */
async function campaignInParts(
  context: Context,
  flags: CampaignFlags & PartFlags & { scenario: string },
): Promise<number | null> {
  const { shard, launcher } = flags;
  if (shard !== undefined)
    return (await import('./campaign-shard.ts')).campaignShard(context, { ...flags, shard });
  if (launcher !== undefined && namedServer(context, flags) === null)
    return (await import('./campaign-cluster.ts')).campaignOnCluster(context, flags);
  return null;
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
  flags: ServerFlags & { json?: true; exitZero?: true },
  session: CampaignSession | null,
): Promise<number> {
  const style = styleFor(wantsColor(context, 'stdout'));
  const text = flags.json ? safeJson(campaignJson(campaign, runs), 2) : campaignText(campaign, runs, style);
  await context.out(`${text}\n`);
  if (campaign.state !== 'done') {
    const { name } = campaign;
    context.err(`simcity: ${onwardText(campaign, session)} ${safeText(name)}${serverText(flags)}\n`);
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
  await context.out(`${shown}\n`);
  const begun = flags.resume === undefined ? 'is started' : 'goes on';
  context.err(
    `simcity: campaign ${shown} ${begun}; runners of the server execute it. Watch it: simcity campaign watch ${shown}${serverText(flags)}\n`,
  );
  return EXIT.pass;
}

/** What decides a campaign is said when it is started. @throws CliError */
function refuseLate({ resume, baseline }: CampaignFlags): void {
  if (resume === undefined || baseline === undefined) return;
  throw usageError(
    'a campaign keeps the baseline that it was started with, and --resume goes on with one.',
    '`simcity campaign report NAME --baseline FILE --only-new` holds what it found against another.',
  );
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

function isOnScreen(context: Context, flags: Shown): boolean {
  return canDraw(context) && !flags.json && !flags.log;
}
