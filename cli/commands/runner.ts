/** `simcity runner`: executes queued runs of a server's database. */

import { connectToRunning, sharedDatabaseUrl } from '../hosting/connect.ts';
import { dataDirOf, prepareDataDir } from '../hosting/data-dir.ts';
import { keepAlive } from '../hosting/keep-alive.ts';
import { startPart } from '../hosting/part.ts';
import type { Context } from '../process/context.ts';
import { EXIT, usageError } from '../process/errors.ts';
import { doAskedTasks } from '../tasks/asked.ts';
import { left } from './up.ts';

interface RunnerFlags {
  name?: string;
  parallel?: number;
  server?: string;
  dataDir?: string;
}

export async function runner(context: Context, flags: RunnerFlags): Promise<number> {
  const connected = await connectToRunning(context, flags);
  const { api } = connected;
  const databaseUrl = sharedDatabaseUrl(context, flags);
  if (databaseUrl === null) {
    throw usageError(
      `the database of ${api.connection.url} is not known here.`,
      'Set DATABASE_URL to the database that the server uses.',
    );
  }
  const { logDir } = prepareDataDir(dataDirOf(context, flags.dataDir));
  const env = {
    ...context.env,
    SIMCITY_LOG_LEVEL: context.env['SIMCITY_LOG_LEVEL'] ?? 'warn',
    DATABASE_URL: databaseUrl,
    SIMCITY_URL: api.connection.url,
    ...(flags.name === undefined ? {} : { SIMCITY_RUNNER_NAME: flags.name }),
    ...(flags.parallel === undefined ? {} : { SIMCITY_PARALLEL: String(flags.parallel) }),
  };
  const progress = (message: string) => context.err(`simcity: ${message}\n`);
  const kept = await keepAlive(() => startPart({ name: 'runner', env, logDir }), progress);
  context.atExit(() => kept.stop());
  const { ready } = kept.current();
  progress(`runner ${ready.ready === 'runner' ? ready.name : ''} takes runs of ${api.connection.url}.`);
  await Promise.all([left(context), doAskedTasks(context, { connected, flags, progress })]);
  return EXIT.pass;
}
