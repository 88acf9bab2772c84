/** Campaigns to look at: those of a server, and those that were executed in this directory without one. */
import type { Campaign } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { connectForReading } from '../hosting/connect.ts';
import { dataDirOf, hasData } from '../hosting/data-dir.ts';
import { findServer, type ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import { type CliError, usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { campaignOf } from './campaign-of.ts';
import { campaignFiles } from './files.ts';

export interface LookUp {
  /** Null: there is none of this name. */
  campaign(name: string): Promise<Campaign | null>;
  /** Null: there is none at all. */
  newest(): Promise<Campaign | null>;
  /** Of the server that has the recorded runs; null: there is none, and nothing is stored. */
  api: Api | null;
  close(): Promise<void>;
}

/** Hosts a server to read from, where there is something to read. */
export async function lookUpCampaigns(context: Context, flags: ServerFlags): Promise<LookUp> {
  const dataDir = dataDirOf(context, flags.dataDir);
  const isThere = hasData(dataDir) || (await findServer(context, flags)) !== null;
  const connected = isThere ? await connectForReading(context, flags) : null;
  const api = connected?.api ?? null;
  return {
    api,
    campaign: async (name) => newer(localCampaign(dataDir, flags, name), (await api?.campaign(name)) ?? null),
    async newest() {
      const [local] = flags.server === undefined ? campaignFiles(dataDir).list() : [];
      const served = (await api?.campaigns({ limit: 1 }))?.campaigns[0];
      if (local !== undefined && (served === undefined || local.savedAtMs > Date.parse(served.updatedAt)))
        return localCampaign(dataDir, flags, local.name);
      return served === undefined ? null : ((await api?.campaign(served.name)) ?? null);
    },
    close: async () => connected?.hosted?.close(),
  };
}

/** One that was executed here without a server; null: there is none of this name. */
export function localCampaign(dataDir: string, { server }: ServerFlags, name: string): Campaign | null {
  const files = campaignFiles(dataDir);
  if (server !== undefined || !files.exists(name)) return null;
  return campaignOf(files.load(name), { isUnderWay: false, shards: 0 });
}

/** What a server was told of it may lag behind. */
function newer(local: Campaign | null, served: Campaign | null): Campaign | null {
  if (local === null || served === null || local.id !== served.id) return served ?? local;
  return local.seedsThrough > served.seedsThrough ? local : served;
}

/** `name` left out: the newest. @throws CliError where there is none. */
export async function lookedUp(
  { campaign, newest, api }: LookUp,
  name: string | undefined,
): Promise<Campaign> {
  const found = name === undefined ? await newest() : await campaign(name);
  if (found === null) throw await noCampaign(api, name);
  return found;
}

const NAMES_TOLD = 5;

/** For a name that no campaign has: it tells the newest that there are. `name` left out: there is none at all. */
export async function noCampaign(api: Api | null, name: string | undefined): Promise<CliError> {
  const { campaigns } = (await api?.campaigns({ limit: NAMES_TOLD }).catch(() => null)) ?? { campaigns: [] };
  const names = campaigns.map((each) => safeText(each.name)).join(', ');
  return usageError(
    name === undefined ? 'there is no campaign.' : `there is no campaign '${safeText(name)}'.`,
    names === '' ? '`simcity campaign` starts one.' : `The newest are: ${names}.`,
  );
}
