/** Hosts SimCity: database, server and runner as children of this process, kept alive, taken down in order. */
import { randomBytes } from 'node:crypto';
import type { Connection } from '../client/api.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { prepareDataDir } from './data-dir.ts';
import { believedNote, type HostNote, isLoopback, writeNote } from './host-note.ts';
import { type KeptPart, keepAlive } from './keep-alive.ts';
import { type Part, startPart } from './part.ts';
import { choosePort, startOf } from './ports.ts';

export interface HostOptions {
  dataDir: string;
  /** What hosts, for the note and for messages: `simcity up`. */
  command: string;
  /** Address to listen on; 127.0.0.1 by default. */
  host?: string | undefined;
  /** Ask for a token also on loopback; else as the server's environment says. */
  requireToken?: boolean;
  /** A number: exactly that port; `any`: whatever is free; `usual`: 4600 if free, else any. */
  port: number | 'any' | 'usual';
  /** Told what is going on, a sentence each. */
  progress: (message: string) => void;
}

export interface Hosted {
  connection: Connection;
  /** The database in use, for runners. */
  databaseUrl: () => string;
  /** Starts a runner here; with `onlyRun` it takes that run and no other. */
  startRunner(onlyRun: string | null): Promise<void>;
  /** Takes everything down, the newest first. Also done at exit. */
  close(): Promise<void>;
}

/** Starts a database (unless DATABASE_URL names one) and a server. @throws CliError when one cannot start. */
export async function hostServer(context: Context, options: HostOptions): Promise<Hosted> {
  const { logDir } = prepareDataDir(options.dataDir);
  refuseDirectoryInUse(options.dataDir);
  let port = await choosePort(options.host ?? '127.0.0.1', options.port);
  const teardown = createTeardown(context);
  const given = context.env['DATABASE_URL'] || undefined;
  const kept: { server?: KeptPart; runner?: KeptPart } = {};

  const database =
    given === undefined ? await startDatabase(context, options, logDir, teardown, kept) : undefined;
  const databaseUrl = () => given ?? databaseUrlOf(database?.current());
  const base = { ...context.env, SIMCITY_LOG_LEVEL: context.env['SIMCITY_LOG_LEVEL'] ?? 'warn' };

  // Its own calls, and those of whoever may read the data directory, need no token of the database.
  const token = randomBytes(32).toString('base64url');
  options.progress('starting the server');
  const startServer = () => {
    const env = {
      ...base,
      SIMCITY_URL: undefined,
      DATABASE_URL: databaseUrl(),
      SIMCITY_DATABASE_FOLDER: databaseFolderOf(database?.current()),
      SIMCITY_HOST: options.host ?? '127.0.0.1',
      SIMCITY_PORT: String(port),
      SIMCITY_HOST_TOKEN: token,
      ...(options.requireToken ? { SIMCITY_REQUIRE_TOKEN: '1' } : {}),
    };
    return startPart({ name: 'server', env, logDir });
  };
  let wasUp = false;
  const server = await keepAlive(async () => {
    const part = await startServer().catch((error: unknown) => {
      // Another may have taken the usual port since it was found free; nobody asked for that one.
      if (wasUp || options.port !== 'usual' || port === 0) throw error;
      port = 0;
      return startServer();
    });
    wasUp = true;
    // A server that comes back must be where its clients look for it.
    port = Number(new URL(serverUrlOf(part)).port) || port;
    return part;
  }, options.progress);
  kept.server = server;
  teardown.add(() => server.stop());
  const url = serverUrlOf(server.current());
  const removeNote = writeNote(options.dataDir, {
    // What others in this directory are told they believe only of this machine itself.
    url: isLoopback(URL.parse(url)) ? url : null,
    pid: process.pid,
    start: startOf(process.pid),
    command: options.command,
    databaseUrl: given === undefined ? databaseUrl() : null,
    token,
  });
  teardown.add(async () => removeNote());

  return {
    connection: { url, token },
    databaseUrl,
    async startRunner(onlyRun) {
      kept.runner = await keepAlive(
        () =>
          startPart({
            name: 'runner',
            logDir,
            env: {
              ...base,
              DATABASE_URL: databaseUrl(),
              SIMCITY_URL: url,
              ...(onlyRun === null ? {} : { SIMCITY_ONLY_RUN: onlyRun }),
            },
          }),
        options.progress,
      );
      const { runner } = kept;
      teardown.add(() => runner.stop());
    },
    close: teardown.close,
  };
}

async function startDatabase(
  context: Context,
  options: HostOptions,
  logDir: string,
  teardown: Teardown,
  dependents: { server?: KeptPart; runner?: KeptPart },
): Promise<KeptPart> {
  options.progress('starting the database');
  let url = '';
  const database = await keepAlive(async () => {
    const part = await startPart({
      name: 'database',
      args: ['--data-dir', options.dataDir],
      env: { ...context.env, SIMCITY_LOG_LEVEL: context.env['SIMCITY_LOG_LEVEL'] ?? 'warn' },
      logDir,
    }).catch((error: unknown) => {
      throw explainDatabase(error, options.dataDir);
    });
    const now = databaseUrlOf(part);
    if (url !== '' && url !== now) {
      // They were told where it was; started again, they are told where it is.
      void dependents.server?.current().stop();
      void dependents.runner?.current().stop();
    }
    url = now;
    return part;
  }, options.progress);
  teardown.add(() => database.stop());
  return database;
}

const IN_USE_HINT =
  'Watch its run with `simcity watch latest`, send runs to a lasting one with `simcity up`, or use another directory with --data-dir DIR.';

const LASTING_HINT =
  '`simcity run` and `simcity watch` use it from here; another one needs another directory: --data-dir DIR.';

const ELSEWHERE_HINT =
  'It does not listen on the loopback address: name it by its address, with --server or SIMCITY_URL.';

/** A living host in the same directory is named before a second database even tries. */
function refuseDirectoryInUse(dataDir: string): void {
  const note = believedNote(dataDir);
  if (note === null || note.pid === process.pid) return;
  throw new CliError(
    `the data directory ${safeText(dataDir)} is in use by another SimCity: ${safeText(note.command)}, process ${note.pid}.`,
    { exitCode: EXIT.unreachable, hint: hintFor(note) },
  );
}

function hintFor({ url, command }: HostNote): string {
  if (url === null) return ELSEWHERE_HINT;
  return command === 'simcity run' ? IN_USE_HINT : LASTING_HINT;
}

function explainDatabase(error: unknown, dataDir: string): unknown {
  if (!(error instanceof CliError) || !/in_?use|locked/i.test(String(error.cause ?? ''))) return error;
  const message = error.message.includes(dataDir) ? error.message : `${dataDir}: ${error.message}`;
  return new CliError(message, { exitCode: EXIT.unreachable, hint: IN_USE_HINT, cause: error });
}

function databaseUrlOf(part: Part | undefined): string {
  if (part?.ready.ready !== 'database') throw new Error('the database part did not say its URL');
  return part.ready.url;
}

function databaseFolderOf(part: Part | undefined): string | undefined {
  return part?.ready.ready === 'database' ? part.ready.folder : undefined;
}

function serverUrlOf(part: Part): string {
  if (part.ready.ready !== 'server') throw new Error('the server part did not say its URL');
  return part.ready.url.replace(/\/+$/, '');
}

interface Teardown {
  add(takeDown: () => Promise<void>): void;
  close(): Promise<void>;
}

/** What has to be taken down, each once, whoever asks first: the command or the process's end. */
function createTeardown(context: Context): Teardown {
  const pending: (() => Promise<void>)[] = [];
  return {
    add(takeDown) {
      const forget = context.atExit(takeDown);
      pending.push(async () => {
        forget();
        await takeDown();
      });
    },
    async close() {
      for (let takeDown = pending.pop(); takeDown; takeDown = pending.pop()) await takeDown();
    },
  };
}
