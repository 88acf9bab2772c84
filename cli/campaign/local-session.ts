/** Campaigns without a server: begun, or gone on with, from a checkpoint under a lock. */
import { randomUUID } from 'node:crypto';
import { ENGINE_GENERATION, joined, type SeedRange } from '../../server/contract/index.ts';
import { createApi } from '../client/api.ts';
import { type Connected, hostWhatIsMissing } from '../hosting/connect.ts';
import { dataDirOf, prepareDataDir } from '../hosting/data-dir.ts';
import { findServer, type ServerFlags } from '../hosting/find-server.ts';
import { refuseOtherCampaign } from '../hosting/generation.ts';
import type { Context } from '../process/context.ts';
import { usageError } from '../process/errors.ts';
import { VERSION } from '../process/version.ts';
import { safeText } from '../run/sanitize.ts';
import { newFailures } from './baseline.ts';
import { importOf } from './campaign-of.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type CampaignFiles, campaignFiles } from './files.ts';
import { LocalStore } from './local-store.ts';
import type { CampaignPlan, CampaignSession, OwnPart } from './session.ts';

type HostingFlags = ServerFlags & { port?: number };

/** What is asked for beyond what a campaign has. */
export interface More {
  seeds: readonly SeedRange[];
  budgetSeconds: number | null;
  untilNew: number | null;
  records: boolean;
}

/** Connects once, and says so; hosts what is missing. */
export function connecting(context: Context, flags: HostingFlags, say: (message: string) => void) {
  let connected: Promise<Connected> | null = null;
  return {
    connect(): Promise<Connected> {
      connected ??= hostWhatIsMissing(context, flags, say);
      return connected;
    },
    async close(): Promise<void> {
      await (await connected?.catch(() => null))?.hosted?.close();
    },
  };
}
export type Connecting = ReturnType<typeof connecting>;

/** @throws CliError where there is one of this name. */
export async function beginLocal(
  context: Context,
  flags: HostingFlags,
  plan: CampaignPlan,
  own: OwnPart,
  server: Connecting,
): Promise<CampaignSession> {
  const files = campaignFiles(dataDirOf(context, flags.dataDir));
  refuseTaken(files, plan.name);
  const { modules, exec, gate } = own;
  const checkpoint: Checkpoint = {
    ...plan,
    ...{ seeds: [...plan.seeds], known: [...(plan.known ?? [])], first: [...(plan.first ?? [])] },
    ...{ version: 2, id: randomUUID(), generation: ENGINE_GENERATION, simcity: VERSION },
    ...{
      modules: modules ?? undefined,
      exec: exec ?? null,
      gate,
      config: plan.config as Checkpoint['config'],
    },
    tally: { through: [], operations: 0, executingMs: 0, proved: 0, identical: 0, reached: {}, failures: [] },
    ...{ seconds: 0, course: [], endedBy: null, recorded: [], finished: false },
    createdAt: new Date().toISOString(),
  };
  return await opened(context, flags, files, plan.name, server, () => checkpoint);
}

/** @throws CliError for one that cannot go on here. */
export async function resumeLocal(
  context: Context,
  flags: HostingFlags,
  name: string,
  more: More,
  server: Connecting,
): Promise<CampaignSession> {
  const files = campaignFiles(dataDirOf(context, flags.dataDir));
  refuseOtherCampaign(files.load(name));
  // Whoever had the lock before may have gone on with it since.
  return await opened(context, flags, files, name, server, () => withMore(files.load(name), more));
}

/** @throws CliError */
export function refuseTaken(files: CampaignFiles, name: string): void {
  if (!files.exists(name)) return;
  throw usageError(
    `there is a campaign '${safeText(name)}' already.`,
    `Go on with it by \`simcity campaign --resume ${safeText(name)}\`, or give another --name.`,
  );
}

/** More seeds may be asked for on the way, and budgets, which count from now on; all else stays as it was. */
function withMore(checkpoint: Checkpoint, { seeds, budgetSeconds, untilNew, records }: More): Checkpoint {
  return {
    ...checkpoint,
    ...{ records, finished: false, endedBy: null },
    seeds: joined([...checkpoint.seeds, ...seeds]),
    budgetSeconds: budgetSeconds === null ? checkpoint.budgetSeconds : checkpoint.seconds + budgetSeconds,
    untilNew:
      untilNew === null
        ? checkpoint.untilNew
        : newFailures(checkpoint.known, checkpoint.tally.failures).length + untilNew,
  };
}

async function opened(
  context: Context,
  flags: HostingFlags,
  files: CampaignFiles,
  name: string,
  server: Connecting,
  read: () => Checkpoint,
): Promise<CampaignSession> {
  prepareDataDir(dataDirOf(context, flags.dataDir));
  const lock = await files.lock(name);
  try {
    const checkpoint = read();
    let newest = checkpoint;
    const save = (now: Checkpoint) => {
      newest = now;
      files.save(now);
    };
    save(checkpoint);
    const { modules = null, exec, gate } = checkpoint;
    let closing: Promise<void> | null = null;
    const close = async () => {
      await tell(context, flags, newest);
      await server.close();
      await lock.release();
    };
    return {
      ...{ name, store: new LocalStore(checkpoint, save), connect: server.connect },
      ...{ own: { modules, exec: exec ?? undefined, gate }, isOwners: true, isServed: false },
      close() {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Tells a server that is there how far it is; one that does not take it is told by whoever hosts the directory next. */
async function tell(context: Context, flags: ServerFlags, checkpoint: Checkpoint): Promise<void> {
  if (context.leaving.aborted) return;
  try {
    const found = await findServer(context, flags);
    if (found === null) return;
    const api = createApi(found.connection, {
      signal: context.leaving,
      patience: { totalMs: 0, firstMs: 0 },
    });
    await api.importCampaign(checkpoint.name, importOf(checkpoint, new Date()));
  } catch {}
}
