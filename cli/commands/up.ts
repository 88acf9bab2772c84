/** `simcity up` and `simcity serve`: host SimCity for others, until told to leave. */
import { MISSION_CONTROL_PATH } from '../../server/contract/index.ts';
import { claimantName } from '../campaign/served-session.ts';
import { NO_CODE } from '../campaign/session.ts';
import { standByForCampaigns } from '../campaign/standing.ts';
import { createApi } from '../client/api.ts';
import { dataDirOf } from '../hosting/data-dir.ts';
import { DEFAULT_PORT } from '../hosting/ports.ts';
import { enterWorld } from '../hosting/world.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { doAskedTasks } from '../tasks/asked.ts';

interface UpFlags {
  host?: string;
  port?: number;
  requireToken?: true;
  dataDir?: string;
}

/** Database, server and runner. */
export async function up(context: Context, flags: UpFlags): Promise<number> {
  return hostUntilLeaving(context, flags, 'simcity up', true);
}

/** Database and server. */
export async function serve(context: Context, flags: UpFlags): Promise<number> {
  return hostUntilLeaving(context, flags, 'simcity serve', false);
}

async function hostUntilLeaving(
  context: Context,
  flags: UpFlags,
  command: string,
  withRunner: boolean,
): Promise<number> {
  const progress = (message: string) => context.err(`simcity: ${message}\n`);
  const hosted = await enterWorld(context, {
    dataDir: dataDirOf(context, flags.dataDir),
    command,
    host: flags.host,
    requireToken: flags.requireToken === true,
    port: flags.port === 0 ? 'any' : (flags.port ?? DEFAULT_PORT),
    lasting: true,
    beside: !withRunner && Boolean(context.env['DATABASE_URL']),
    executes: withRunner,
    progress,
  });
  if (withRunner) await hosted.startRunner(null);
  const api = createApi(hosted.connection, { signal: context.leaving });
  const connected = { api, hosted };
  const standing = {
    connected,
    flags,
    name: hosted.runnerName() ?? claimantName(),
    own: NO_CODE,
    labels: [],
    parallel: null,
  };
  const working = withRunner
    ? Promise.all([
        doAskedTasks(context, { connected, flags, progress }),
        standByForCampaigns(context, { ...standing, progress }),
      ])
    : Promise.resolve();
  await context.out(`${hosted.connection.url}\n`);
  progress(`mission control in the browser: ${hosted.connection.url}${MISSION_CONTROL_PATH}`);
  progress(
    withRunner
      ? 'up; `simcity run` in another terminal sends runs here. Ctrl-C takes it down.'
      : 'serving; `simcity runner` in another terminal executes runs. Ctrl-C takes it down.',
  );
  await left(context);
  progress('taking down');
  await working;
  await hosted.close();
  return EXIT.pass;
}

/** Resolves when the process is asked to leave. */
export function left(context: Context): Promise<void> {
  return new Promise((resolve) => {
    if (context.leaving.aborted) resolve();
    else context.leaving.addEventListener('abort', () => resolve(), { once: true });
    // An AbortSignal alone does not keep a process alive.
    const hold = setInterval(() => {}, 60_000);
    context.leaving.addEventListener('abort', () => clearInterval(hold), { once: true });
  });
}
