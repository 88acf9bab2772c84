/** From the command line to a campaign that is worked for: begun or gone on with, on a server or in this process. */
import {
  type Campaign,
  ENGINE_GENERATION,
  isServiceTarget,
  joined,
  type RunConfig,
  runConfigSchema,
  type SeedRange,
} from '../../server/contract/index.ts';
import { launchOfFlags, type RunFlags } from '../commands/launch.ts';
import { dataDirOf, hasData } from '../hosting/data-dir.ts';
import { findServer } from '../hosting/find-server.ts';
import { gateOrderOf } from '../hosting/gate.ts';
import { modulesOf } from '../hosting/modules.ts';
import { surveyed } from '../hosting/survey.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { signaturesOf } from './baseline.ts';
import { keepCity } from './city.ts';
import { campaignFiles } from './files.ts';
import type { KeepFlags, Keeping } from './kept-file.ts';
import {
  beginLocal,
  type Connecting,
  connecting,
  type More,
  refuseTaken,
  resumeLocal,
} from './local-session.ts';
import { localCampaign } from './look-up.ts';
import { readBaseline } from './read-baseline.ts';
import { beginServed, resumeServed, servedSession } from './served-session.ts';
import type { CampaignPlan, CampaignSession, OwnPart } from './session.ts';

/** `record` false: `--no-record`, which shares its name, is about the failures that it found. */
export interface CampaignFlags extends Omit<RunFlags, 'record'>, KeepFlags {
  seeds?: [number, number][];
  for?: number;
  untilNew?: number;
  parallel?: number;
  name?: string;
  label?: string;
  baseline?: string;
  resume?: string | true;
  record?: RunFlags['record'] | false;
}

const DEFAULT_SEEDS: SeedRange[] = [[1, 1_000]];
/** Where the time, or what is found, ends it. */
const ENDLESS_SEEDS: SeedRange[] = [[1, Number.MAX_SAFE_INTEGER - 1]];

/** @throws CliError for what no campaign can be. */
export async function openSession(
  context: Context,
  named: string,
  flags: CampaignFlags,
  { say, kept }: { say: (message: string) => void; kept: Keeping | null },
): Promise<CampaignSession> {
  const server = connecting(context, flags, say);
  try {
    return flags.resume === undefined
      ? await begun(context, { ...flags, scenario: flags.scenario ?? named }, server, say, kept)
      : await resumed(context, { ...flags, scenario: flags.scenario ?? named }, server);
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
  const { record, ...ofRuns } = flags;
  const recorded = record === false || record === undefined ? {} : { record };
  const launch = await launchOfFlags({ ...ofRuns, ...recorded, target: flags.target ?? 'memory' });
  const gate = gateOrderOf(context, flags);
  refuseWithoutGate(flags);
  const files = campaignFiles(dataDirOf(context, flags.dataDir));
  const isServed = (await findServer(context, flags)) !== null;
  if (flags.name !== undefined && !isServed) refuseTaken(files, flags.name);
  const own = { modules: await modulesOf(context, launch, flags), exec: flags.exec, gate };
  const { scenario = flags.scenario, target = 'memory' } = launch;
  const more = moreOf(flags);
  const seeds = joined(flags.seeds ?? (isEndedOtherwise(more) ? ENDLESS_SEEDS : DEFAULT_SEEDS));
  // A pace is for watching, and nobody watches.
  const config = { ...runConfigSchema.parse(launch.config), rate: null };
  const plan: CampaignPlan = {
    ...more,
    ...{ name: flags.name ?? freshName(files.exists), scenario, target, seeds, config },
    known: await knownBy(context, flags, server),
  };
  const surveyed = { ...plan, config: await settledConfig(context, flags, plan, own, server, say) };
  const settled = kept === null ? surveyed : withFirst(surveyed, kept);
  if (!isServed) return await beginLocal(context, flags, settled, own, server);
  const connected = await server.connect();
  const campaign = await beginServed(context, connected, settled, own, flags.label ?? null);
  return servedSession(context, { campaign, connected, server, own, records: more.records, isOwners: true });
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
function withFirst(plan: CampaignPlan & { config: RunConfig }, kept: Keeping): CampaignPlan {
  const first = kept.first({ ...plan, generation: ENGINE_GENERATION });
  return { ...plan, first, seeds: joined([...plan.seeds, ...first]) };
}

/** What a survey of the service behind a gate finds out becomes settings of all seeds. */
async function settledConfig(
  context: Context,
  flags: CampaignFlags,
  { scenario, target, seeds, config }: CampaignPlan,
  { modules, exec, gate }: OwnPart,
  server: Connecting,
  say: (message: string) => void,
): Promise<RunConfig> {
  if (gate === null || exec === undefined) return runConfigSchema.parse(config);
  const city = keepCity(context, flags, server.connect);
  // Its clones are made there: as of a run with a gate, which it is not told of yet.
  const subject = { target, config: { ...runConfigSchema.parse(config), gate: 'restart' as const } };
  try {
    const request = { launch: { scenario, target, config }, target, gate, exec, modules, say };
    const { config: found } = await surveyed(context, {
      ...request,
      targetUrl: await city.url(subject),
      seed: seeds[0]?.[0] ?? 1,
    });
    return runConfigSchema.parse(found);
  } finally {
    await city.close();
  }
}

/** Seeds decide a run against a service only behind a gate. */
function refuseWithoutGate({ target = '', exec, adapter, gate }: CampaignFlags): void {
  if (gate !== undefined) return;
  if (!isServiceTarget(target) && exec === undefined && adapter === undefined) return;
  throw usageError(
    'a campaign executes seeds, and without --gate the world decides what comes first in a service at a URL.',
    "Such as: simcity campaign --target http://127.0.0.1:8080 --exec 'node server.js' --gate",
  );
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

function moreOf({ seeds, for: budgetSeconds, untilNew, record }: CampaignFlags): More {
  return {
    seeds: seeds ?? [],
    budgetSeconds: budgetSeconds ?? null,
    untilNew: untilNew ?? null,
    records: record !== false,
  };
}

function isEndedOtherwise({ budgetSeconds, untilNew }: More): boolean {
  return budgetSeconds !== null || untilNew !== null;
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
