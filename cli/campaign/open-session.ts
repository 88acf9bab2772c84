/** From the command line to a campaign that is worked for: begun or gone on with, on a server or in this process. */
import type { Campaign } from '../../server/contract/index.ts';
import { dataDirOf, hasData } from '../hosting/data-dir.ts';
import { findServer } from '../hosting/find-server.ts';
import { gateOrderOf } from '../hosting/gate.ts';
import { modulesOf } from '../hosting/modules.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { keepCity } from './city.ts';
import { campaignFiles } from './files.ts';
import { beginLocal, type Connecting, connecting, refuseTaken, resumeLocal } from './local-session.ts';
import { type CampaignFlags, moreOf, planOf, settledPlan } from './plan.ts';
import { beginServed, refuseOther, resumeServed, servedSession } from './served-session.ts';
import type { CampaignSession, OwnPart } from './session.ts';

/** @throws CliError for what no campaign can be. */
export async function openSession(
  context: Context,
  named: string,
  flags: CampaignFlags,
  say: (message: string) => void,
): Promise<CampaignSession> {
  const server = connecting(context, flags, say);
  try {
    const scenario = flags.scenario ?? named;
    if (flags.join !== undefined)
      return await joined(context, { ...flags, scenario, join: flags.join }, server);
    return flags.resume === undefined
      ? await begun(context, { ...flags, scenario }, server, say)
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
): Promise<CampaignSession> {
  const files = campaignFiles(dataDirOf(context, flags.dataDir));
  const { plan, own } = await planOf(context, flags, freshName(files.exists));
  const isServed = (await findServer(context, flags)) !== null;
  if (!isServed) refuseTaken(files, plan.name);
  const city = keepCity(context, flags, server.connect);
  const settled = await settledPlan(context, plan, own, { city, say }).finally(city.close);
  if (!isServed) return await beginLocal(context, flags, settled, own, server);
  const connected = await server.connect();
  const campaign = await beginServed(context, connected, settled, own, flags.label ?? null);
  return servedSession(context, { campaign, connected, server, own, records: plan.records, isOwners: true });
}

/** Unlike one that is gone on with, a campaign that is over is left so. */
async function joined(
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
  const files = campaignFiles(dataDirOf(context, flags.dataDir));
  const name = typeof flags.resume === 'string' ? flags.resume : (flags.name ?? null);
  const isLocal =
    flags.server === undefined && (name === null ? files.newest() !== null : files.exists(name));
  if (isLocal && name !== null) return await resumeLocal(context, flags, name, more, server);
  const served = await servedCampaign(context, flags, name, server);
  const newest = isLocal ? files.list()[0] : undefined;
  if (newest !== undefined && (served === null || Date.parse(served.updatedAt) <= newest.savedAtMs)) {
    return await resumeLocal(context, flags, newest.name, more, server);
  }
  if (served === null) throw nothingToResume(name);
  const own = await ownOf(context, flags, served);
  const connected = await server.connect();
  const { campaign, isJoined } = await resumeServed(context, connected, served, own, more);
  const session = { campaign, connected, server, own, records: more.records };
  return servedSession(context, { ...session, isOwners: !isJoined });
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
