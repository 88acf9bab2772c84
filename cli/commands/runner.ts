/** `simcity runner`: executes queued runs of a server's database, and works for its campaigns. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { claimantName } from '../campaign/served-session.ts';
import type { OwnPart } from '../campaign/session.ts';
import { standByForCampaigns } from '../campaign/standing.ts';
import { type Connected, connectToRunning, sharedDatabaseUrl } from '../hosting/connect.ts';
import { dataDirOf } from '../hosting/data-dir.ts';
import { gateOrderOf } from '../hosting/gate.ts';
import { modulesOf } from '../hosting/modules.ts';
import { createOwnRunner } from '../hosting/own-runner.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { doAskedTasks } from '../tasks/asked.ts';
import { launchOfFlags, type RunFlags } from './launch.ts';
import { left } from './up.ts';

interface RunnerFlags
  extends Pick<
    RunFlags,
    | 'scenario'
    | 'target'
    | 'exec'
    | 'adapter'
    | 'gate'
    | 'gateSchema'
    | 'gatePrepare'
    | 'gateLarge'
    | 'server'
    | 'dataDir'
  > {
  name?: string;
  parallel?: number;
  label?: string[];
}

export async function runner(context: Context, flags: RunnerFlags): Promise<number> {
  const progress = (message: string) => context.err(`simcity: ${message}\n`);
  const name = flags.name ?? (context.env['SIMCITY_RUNNER_NAME'] || undefined);
  const env = flags.parallel === undefined ? {} : { SIMCITY_PARALLEL: String(flags.parallel) };
  const how = { command: 'simcity runner', progress, standingRunner: { name, env } };
  const own = await ownOf(context, flags);
  const connected = await connectToRunning(context, flags, how);
  const { api, hosted } = connected;
  const { url } = api.connection;
  const database = hosted?.databaseUrl() ?? sharedDatabaseUrl(context, flags);
  const started = await (hosted?.startRunner(null).then(() => hosted.runnerName()) ??
    (database === null ? null : startAt(context, flags, connected, { name, env, database, progress })));
  if (started === null && hosted === null) {
    progress(
      `works for campaigns of ${url}. Its runs need its database: set DATABASE_URL to take them, too.`,
    );
  } else progress(`runner ${started} takes runs of ${url}.`);
  const standing = {
    connected,
    flags,
    name: started ?? name ?? claimantName(),
    own,
    labels: flags.label ?? [],
    parallel: flags.parallel ?? null,
  };
  await Promise.all([
    left(context),
    doAskedTasks(context, { connected, flags, progress }),
    standByForCampaigns(context, { ...standing, progress }),
  ]);
  await hosted?.close();
  return EXIT.pass;
}

/** What campaigns of services and modules of the user's need: it is loaded and started only where it is given. */
async function ownOf(context: Context, flags: RunnerFlags): Promise<OwnPart> {
  const { scenario, target, exec, adapter } = flags;
  const gate = gateOrderOf(context, flags);
  const given = {
    ...(scenario === undefined ? {} : { scenario }),
    ...(target === undefined ? {} : { target }),
    ...(adapter === undefined ? {} : { adapter }),
  };
  return { modules: await modulesOf(context, await launchOfFlags(given), given), exec, gate };
}

interface Start {
  name: string | undefined;
  env: Readonly<Record<string, string>>;
  database: string;
  progress: (message: string) => void;
}

/** Starts one for a server that the user names, which nobody here takes over; returns its name. */
async function startAt(
  context: Context,
  flags: RunnerFlags,
  { api }: Connected,
  { name = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`, env, database, progress }: Start,
): Promise<string> {
  const options = { dataDir: dataDirOf(context, flags.dataDir), progress };
  const own = createOwnRunner(context, options, name, env);
  own.want(null);
  context.atExit(() => own.stop());
  await own.keep({ server: api.connection.url, database });
  return name;
}
