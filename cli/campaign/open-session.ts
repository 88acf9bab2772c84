/** From the command line to a campaign that is worked for: begun or gone on with, on a server or in this process. */
import { type Campaign, ENGINE_GENERATION, joined } from '../../server/contract/index.ts';
import { dataDirOf, hasData, refuseForeign } from '../hosting/data-dir.ts';
import { findServer } from '../hosting/find-server.ts';
import { gateOrderOf } from '../hosting/gate.ts';
import { modulesOf } from '../hosting/modules.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { signaturesOf } from './baseline.ts';
import { keepCity } from './city.ts';
import { type CampaignFiles, campaignFiles } from './files.ts';
import type { Keeping } from './kept-file.ts';
import { beginLocal, type Connecting, connecting, refuseTaken, resumeLocal } from './local-session.ts';
import { localCampaign } from './look-up.ts';
import { type CampaignFlags, moreOf, planOf, type SettledPlan, settledPlan } from './plan.ts';
import { readBaseline } from './read-baseline.ts';
import { beginServed, refuseOther, resumeServed, servedSession } from './served-session.ts';
import type { CampaignPlan, CampaignSession, OwnPart } from './session.ts';

/** @throws CliError for what no campaign can be. */
export async function openSession(
  context: Context,
  named: string,
  flags: CampaignFlags,
  { say, kept }: { say: (message: string) => void; kept: Keeping | null },
): Promise<CampaignSession> {
  const server = connecting(context, flags, say);
  try {
    const scenario = flags.scenario ?? named;
    if (flags.join !== undefined)
      return await joinedWith(context, { ...flags, scenario, join: flags.join }, server);
    return flags.resume === undefined
      ? await begun(context, { ...flags, scenario }, server, say, kept)
      : await resumed(context, { ...flags, scenario }, server);
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function begun(
  context: Context,
  flags: CampaignFlags & { scenario: string },
  server: Connecting,
  say: (message: string) => void,
  kept: Keeping | null,
): Promise<CampaignSession> {
  const files = campaignFiles(dataDirOf(context, flags.dataDir));
  const { plan, own } = await planOf(context, flags, freshName(files.exists));
  const isServed = (await findServer(context, flags)) !== null;
  if (!isServed) {
    refuseLabel(flags);
    refuseTaken(files, plan.name);
  }
  const known = await knownBy(context, flags, server);
  const city = keepCity(context, flags, server.connect);
  const surveyed = await settledPlan(context, { ...plan, known }, own, { city, say }).finally(city.close);
  const settled = kept === null ? surveyed : withFirst(surveyed, kept);
  if (!isServed) return await beginLocal(context, flags, settled, own, server);
  const connected = await server.connect();
  const campaign = await beginServed(context, connected, settled, own, flags.label ?? null);
  return servedSession(context, { campaign, connected, server, own, records: plan.records, isOwners: true });
}

/** @throws CliError */
function refuseLabel({ label }: CampaignFlags): void {
  if (label === undefined) return;
  throw usageError(
    '--label chooses among the runners of a server, and there is none.',
    'Start one with `simcity up`, or name another with --server URL or SIMCITY_URL.',
  );
}

/** The failures of the baseline, by their signatures as text. A campaign that it names may be one of a server, or be kept here. */
async function knownBy(context: Context, flags: CampaignFlags, server: Connecting): Promise<string[]> {
  if (flags.baseline === undefined) return [];
  const dataDir = dataDirOf(context, flags.dataDir);
  const find = async (name: string) =>
    localCampaign(dataDir, flags, name) ?? (await servedCampaign(context, flags, name, server));
  return signaturesOf(await readBaseline(context, flags.baseline, find));
}

/** Seeds that failed before go first, also those beyond the range. */
function withFirst(plan: SettledPlan, kept: Keeping): CampaignPlan {
  const first = kept.first({ ...plan, generation: ENGINE_GENERATION });
  return { ...plan, first, seeds: joined([...plan.seeds, ...first]) };
}

/** Unlike one that is gone on with, a campaign that is over is left so. */
async function joinedWith(
  context: Context,
  flags: CampaignFlags & { scenario: string; join: string },
  server: Connecting,
): Promise<CampaignSession> {
  const campaign = await servedCampaign(context, flags, flags.join, server);
  if (campaign === null) throw nothingToResume(flags.join);
  const own = await ownOf(context, flags, campaign);
  refuseOther(context, campaign, own);
  const connected = await server.connect();
  const { records } = moreOf(flags);
  return servedSession(context, { campaign, connected, server, own, records, isOwners: false });
}

async function resumed(
  context: Context,
  flags: CampaignFlags & { scenario: string },
  server: Connecting,
): Promise<CampaignSession> {
  const more = moreOf(flags);
  const dataDir = dataDirOf(context, flags.dataDir);
  if (flags.server === undefined) refuseForeign(dataDir);
  const files = campaignFiles(dataDir);
  const name = typeof flags.resume === 'string' ? flags.resume : (flags.name ?? null);
  const isLocal =
    flags.server === undefined && (name === null ? files.newest() !== null : files.exists(name));
  if (isLocal && name !== null) return await resumeLocal(context, flags, name, more, server);
  const served = await servedCampaign(context, flags, name, server);
  const local = isLocal ? newestLocal(files, served) : null;
  if (local !== null) return await resumeLocal(context, flags, local, more, server);
  if (served === null) throw nothingToResume(name);
  const own = await ownOf(context, flags, served);
  const connected = await server.connect();
  const { campaign, isJoined } = await resumeServed(context, connected, served, own, more);
  const session = { campaign, connected, server, own, records: more.records };
  return servedSession(context, { ...session, isOwners: !isJoined });
}

/** The newest campaign, where it is one of this directory; null: that of the server is newer. */
function newestLocal(files: CampaignFiles, served: Campaign | null): string | null {
  // What a server was told of a campaign that was executed here is newer than its file.
  if (served !== null && served.build === null && files.exists(served.name)) return served.name;
  const [newest] = files.list();
  if (newest === undefined) return null;
  return served === null || Date.parse(served.updatedAt) <= newest.savedAtMs ? newest.name : null;
}

/** The campaign of that name, or the newest, of a server that is there or whose data are here; null: there is none. */
async function servedCampaign(
  context: Context,
  flags: CampaignFlags,
  name: string | null,
  server: Connecting,
): Promise<Campaign | null> {
  const isThere = (await findServer(context, flags)) !== null;
  if (!isThere && !hasData(dataDirOf(context, flags.dataDir))) return null;
  const { api } = await server.connect();
  const newest = name ?? (await api.campaigns({ limit: 1 })).campaigns[0]?.name ?? null;
  return newest === null ? null : await api.campaign(newest);
}

/** What this command line gives for a campaign that is there already. */
async function ownOf(
  context: Context,
  flags: CampaignFlags & { scenario: string },
  { scenario, target, config }: Campaign,
): Promise<OwnPart> {
  const gate = gateOrderOf(context, { ...flags, target: flags.target ?? target });
  const modules = await modulesOf(context, { scenario, target, config }, flags);
  return { modules, exec: flags.exec, gate };
}

function nothingToResume(name: string | null): Error {
  return name === null
    ? usageError('there is no campaign to go on with.', 'Start one: `simcity campaign`.')
    : usageError(
        `there is no campaign '${safeText(name)}' here.`,
        'Name the server that has it with --server URL, or start a new one: `simcity campaign`.',
      );
}

function freshName(exists: (name: string) => boolean): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  for (let i = 1; ; i++) {
    const name = i === 1 ? `c-${stamp}` : `c-${stamp}-${i}`;
    if (!exists(name)) return name;
  }
}
