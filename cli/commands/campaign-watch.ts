/** `simcity campaign watch` and `stop`: campaigns that others work for. */
import type { Campaign } from '../../server/contract/index.ts';
import { campaignFiles } from '../campaign/files.ts';
import { followCampaign } from '../campaign/follow.ts';
import { noCampaign } from '../campaign/look-up.ts';
import { lineReporter } from '../campaign/reporter.ts';
import { type Connected, connectForReading } from '../hosting/connect.ts';
import { dataDirOf } from '../hosting/data-dir.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { isOnScreen, runsOf, type Shown, told } from './campaign-told.ts';
import { openFor } from './screen.ts';

/**
 * `simcity campaign watch`: how one stands that others work for, on the screen until it is left, else in lines until its
 * end. `named` left out: the newest.
 */
export async function watchCampaign(
  context: Context,
  named: string | undefined,
  flags: ServerFlags & Shown,
): Promise<number> {
  if (isOnScreen(context, flags)) return watchOnScreen(context, named, flags);
  const reporter = lineReporter(context);
  const connected = await connectForReading(context, flags, reporter.say);
  const left = new AbortController();
  const undo = context.onSignal(() => left.abort());
  try {
    const { name } = await campaignNamed(context, connected, named, flags);
    const store = { renewEveryMs: 1_000, campaign: (of: string) => connected.api.campaign(of) };
    const last = await followCampaign(store, name, { reporter, known: [], left: left.signal });
    reporter.clear();
    return await told(context, last, await runsOf(connected, last), flags, null);
  } finally {
    undo();
    await connected.hosted?.close();
  }
}

async function watchOnScreen(
  context: Context,
  named: string | undefined,
  flags: ServerFlags,
): Promise<number> {
  const opened = await openFor(
    context,
    flags,
    named === undefined ? 'campaign' : `campaign ${safeText(named)}`,
  );
  let connected: Connected | null = null;
  try {
    connected = await connectForReading(context, flags, opened.say);
    const { api } = connected;
    const begun = await campaignNamed(context, connected, named, flags);
    const { showStored } = await import('../tui/campaign/stored.ts');
    opened.ready();
    await showStored(context, opened.screen, api, begun.name, flags.dataDir);
    opened.close();
    const last = (await api.campaign(begun.name)) ?? begun;
    return await told(context, last, await runsOf(connected, last), {}, null);
  } finally {
    opened.close();
    await connected?.hosted?.close();
  }
}

/** `name` left out: the newest. @throws CliError where there is none. */
async function campaignNamed(
  context: Context,
  { api }: Connected,
  name: string | undefined,
  flags: ServerFlags,
): Promise<Campaign> {
  const known = name ?? (await api.campaigns({ limit: 1 })).campaigns[0]?.name;
  const campaign = known === undefined ? null : await api.campaign(known);
  if (campaign !== null) return campaign;
  if (name !== undefined && flags.server === undefined) await refuseUnderWay(context, name, flags);
  throw await noCampaign(api, name);
}

/** No server knows of it before its process tells one, at its end. @throws CliError */
async function refuseUnderWay(context: Context, name: string, { dataDir }: ServerFlags): Promise<void> {
  const files = campaignFiles(dataDirOf(context, dataDir));
  if (!files.exists(name) || !(await files.isLocked(name))) return;
  throw usageError(
    `another process executes the campaign '${safeText(name)}' here, without a server.`,
    'It is seen and stopped there. One that is started where `simcity up` runs is seen from anywhere.',
  );
}

/** `simcity campaign stop`: what is under way is stored first; it can be gone on with. */
export async function stopCampaign(context: Context, name: string, flags: ServerFlags): Promise<number> {
  const connected = await connectForReading(context, flags);
  try {
    await campaignNamed(context, connected, name, flags);
    const campaign = await connected.api.stopCampaign(name);
    const done = campaign.state === 'done' ? 'is done already' : 'is stopped';
    await context.out(`campaign ${safeText(name)} ${done}\n`);
    return EXIT.pass;
  } finally {
    await connected.hosted?.close();
  }
}
