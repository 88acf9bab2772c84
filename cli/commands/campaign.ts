/** `simcity campaign`: many seeds at full speed; each distinct failure is then recorded and made small. */
import type { Campaign } from '../../server/contract/index.ts';
import type { Claimants } from '../campaign/cluster/claimants.ts';
import { keeping } from '../campaign/kept-file.ts';
import { openSession } from '../campaign/open-session.ts';
import type { CampaignFlags } from '../campaign/plan.ts';
import { type CampaignReporter, lineReporter } from '../campaign/reporter.ts';
import type { CampaignSession } from '../campaign/session.ts';
import { workForSession } from '../campaign/work-session.ts';
import { findServer, namedServer } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { createStopping } from '../process/stopping.ts';
import type { ShardFlag } from '../program/flags.ts';
import { safeText } from '../run/sanitize.ts';
import { isOnScreen, runsOf, told, whereText } from './campaign-told.ts';

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
  refuseUnheeded(flags);
  const inParts = await campaignInParts(context, { ...flags, scenario: flags.scenario ?? named });
  if (inParts !== null) return inParts;
  if (flags.detach) await refuseDetached(context, flags);
  const lines = lineReporter(context);
  // What is said later, such as by what is hosted for it, must not be written into the picture.
  let { say: tell } = lines;
  const say = (message: string) => tell(message);
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
    `simcity: campaign ${shown} ${begun}; runners of the server execute it. Watch it: simcity campaign watch ${shown}${whereText(flags)}\n`,
  );
  return EXIT.pass;
}

/** What would mean nothing beside what else is given. @throws CliError */
function refuseUnheeded(flags: CampaignFlags & PartFlags): void {
  const { resume, baseline, shards, launcher, commit, keepSeeds } = flags;
  if (resume !== undefined && baseline !== undefined) {
    throw usageError(
      'a campaign keeps the baseline that it was started with, and --resume goes on with one.',
      '`simcity campaign report NAME --baseline FILE --only-new` holds what it found against another.',
    );
  }
  if (shards !== undefined && launcher === undefined) {
    throw usageError(
      '--shards says into how many parts --launcher cuts the seeds.',
      'Add --launcher kubernetes; or execute one part here: --shard 1/20 --json',
    );
  }
  if (commit !== undefined && keepSeeds === undefined) {
    throw usageError('--commit says what --keep-seeds keeps seeds by.', 'Add --keep-seeds FILE.');
  }
}

/** Nobody would execute it. @throws CliError */
async function refuseDetached(context: Context, flags: CampaignFlags): Promise<void> {
  if ((await findServer(context, flags)) !== null) return;
  throw usageError(
    '--detach leaves a campaign to the runners of a server, and there is none.',
    'Start one with `simcity up`, or name another with --server URL or SIMCITY_URL.',
  );
}

/** It is over, and is told so also to who stops it now; only who does that again leaves at once. */
function heedSecond(context: Context): () => void {
  let isTold = false;
  return context.onSignal(() => {
    if (isTold) context.leave(EXIT.interrupted);
    isTold = true;
  });
}
