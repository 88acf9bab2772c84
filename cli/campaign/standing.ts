/** A process that stands by for campaigns: works for whichever it can execute, as long as it is there. */
import { availableParallelism } from 'node:os';
import type { RunConfig, WorkSubject } from '../../server/contract/index.ts';
import { type Connected, sharedDatabaseUrl } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import { clockOf } from '../hosting/gate.ts';
import type { Context } from '../process/context.ts';
import { apiStore } from './api-store.ts';
import { keepCity } from './city.ts';
import { workForCampaigns } from './claimant.ts';
import { recordFailure } from './record.ts';
import { claimantOf } from './served-session.ts';
import { NO_CODE, type OwnPart } from './session.ts';

export interface Standing {
  connected: Connected;
  flags: ServerFlags;
  /** As people call it; one name is one process. */
  name: string;
  own: OwnPart;
  labels: readonly string[];
  /** Seeds executed at once; null: one a core. */
  parallel: number | null;
  /** Told what came of it, a sentence each; safe to print. */
  progress: (message: string) => void;
}

/** Works until the process is told to leave; then what is through is stored, and the rest given back. */
export async function standByForCampaigns(
  context: Context,
  { connected, flags, name, own, labels, parallel, progress }: Standing,
): Promise<void> {
  const isOwn = own.modules !== null || own.exec !== undefined;
  // A run with code of the user's is executed by a runner of this process, which needs the database.
  const database = connected.hosted?.databaseUrl() ?? sharedDatabaseUrl(context, flags);
  const records = !isOwn || database !== null;
  const claimant = claimantOf(context, own, { runner: name, labels: [...labels], campaign: null, records });
  const store = apiStore(connected, claimant);
  const city = keepCity(context, flags, async () => connected);
  const ownFor = ({ code, config }: WorkSubject) =>
    code === null ? NO_CODE : atClock(context, flags, own, config);
  const record = { store, flags, connect: async () => connected, ownRunner: true };
  try {
    await workForCampaigns(
      context,
      {
        ...{ store, ownFor, say: progress, isOwners: false, parallel: parallel ?? availableParallelism() },
        targetUrl: (subject: WorkSubject) => city.url(subject),
        record(work, left) {
          const explains = work.campaign.code === null;
          const options = {
            ...record,
            own: ownFor(work.campaign),
            explains,
            say: progress,
            progress: () => {},
          };
          return recordFailure(context, options, work, left);
        },
      },
      context.leaving,
    );
  } finally {
    await city.close();
  }
}

/** The clock of the service is the campaign's to say, and its library is this machine's. */
function atClock(context: Context, flags: ServerFlags, own: OwnPart, { clock }: RunConfig): OwnPart {
  if (own.gate === null) return own;
  const { clock: _, ...gate } = own.gate;
  const set = clockOf(context, { clock, ...(flags.dataDir === undefined ? {} : { dataDir: flags.dataDir }) });
  return { ...own, gate: set === null ? gate : { ...gate, clock: set } };
}
