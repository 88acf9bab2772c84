/** Hosts SimCity: database and server as children of this process, kept alive, taken down in order. */
import { randomBytes } from 'node:crypto';
import { pause } from '../client/pause.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT, messageOf } from '../process/errors.ts';
import { type HostNote, isLoopback, writeNote } from './host-note.ts';
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
  /** True when it stays until it is told to end, and is no run or query of somebody's. */
  lasting?: boolean;
  /** True when it hosts beside whoever else does: what it serves is in a database of the user's. */
  beside?: boolean;
  /** True when it executes runs of everybody, for as long as it lasts. */
  executes?: boolean;
  /** A runner that runs also where the host executes the runs of everybody: its name, if it has one, and its settings. */
  standingRunner?: { name?: string | undefined; env: Readonly<Record<string, string | undefined>> };
  /** Told what is going on, a sentence each. */
  progress: (message: string) => void;
}

/** What this process hosts. */
export interface HostedHere {
  note: HostNote & { url: string };
  /** Also when it does not listen on the loopback address. */
  url: string;
  databaseUrl(): string;
  /** Leaves the note, for as long as it hosts. Only for who holds the lock of the directory. */
  leaveNote(): void;
  /** Takes everything down, the newest first. */
  close(): Promise<void>;
}

/** How long a database that another process is taking down is waited for, in ms. */
const RELEASED_WITHIN_MS = 30_000;
const LOOK_MS = 100;

/**
 * Starts a database (unless DATABASE_URL names one, only for who holds the lock of the directory) and a server.
 * `before`: what was hosted from this directory before, whose ports and token are taken again, so that its clients
 * go on. @throws CliError when one cannot start; then nothing is left.
 */
export async function startHost(
  context: Context,
  options: HostOptions,
  logDir: string,
  before: HostNote | null,
): Promise<HostedHere> {
  const teardown: (() => Promise<void>)[] = [];
  const close = async () => {
    for (let takeDown = teardown.pop(); takeDown; takeDown = teardown.pop()) await takeDown();
  };
  try {
    return { ...(await start(context, options, { logDir, before, teardown })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Start {
  logDir: string;
  before: HostNote | null;
  teardown: (() => Promise<void>)[];
}

async function start(
  context: Context,
  options: HostOptions,
  { logDir, before, teardown }: Start,
): Promise<Omit<HostedHere, 'close'>> {
  const { host = '127.0.0.1', lasting = false, executes = false, progress } = options;
  let port = await portAgain(host, before, options.port);
  const given = context.env['DATABASE_URL'] || undefined;
  const kept: { server?: KeptPart } = {};
  const database =
    given === undefined
      ? await startDatabase(context, options, { logDir, before, teardown }, kept)
      : undefined;
  const databaseUrl = () => given ?? databaseUrlOf(database?.current());

  // Its own calls, and those of whoever may read the data directory, need no token of the database.
  const token = before?.token ?? randomBytes(32).toString('base64url');
  progress('starting the server');
  const startServer = () => {
    const env = {
      ...quietly(context),
      SIMCITY_URL: undefined,
      DATABASE_URL: databaseUrl(),
      SIMCITY_DATABASE_FOLDER: databaseFolderOf(database?.current()),
      SIMCITY_HOST: host,
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
  }, progress);
  kept.server = server;
  teardown.push(() => server.stop());
  const url = serverUrlOf(server.current());
  const note = {
    url,
    pid: process.pid,
    start: startOf(process.pid),
    command: options.command,
    databaseUrl: given === undefined ? databaseUrl() : null,
    ...{ token, lasting, executes },
  };
  const leaveNote = () => {
    // What others in this directory are told they believe only of this machine itself.
    const removeNote = writeNote(options.dataDir, { ...note, url: isLoopback(URL.parse(url)) ? url : null });
    teardown.push(async () => removeNote());
  };
  return { note, url, databaseUrl, leaveNote };
}

/** The port of the server that was here before, if it can be had again; else as `wanted`. */
async function portAgain(
  host: string,
  before: HostNote | null,
  wanted: HostOptions['port'],
): Promise<number> {
  const again = before?.url ? Number(new URL(before.url).port) : 0;
  if (again === 0) return choosePort(host, wanted);
  return choosePort(host, again).catch(() => choosePort(host, wanted));
}

async function startDatabase(
  context: Context,
  options: HostOptions,
  { logDir, before, teardown }: Start,
  dependents: { server?: KeptPart },
): Promise<KeptPart> {
  options.progress('starting the database');
  let url = before?.databaseUrl ?? '';
  const startIt = () =>
    startPart({
      name: 'database',
      args: ['--data-dir', options.dataDir, ...portArguments(url)],
      env: quietly(context),
      logDir,
    });
  const database = await keepAlive(async () => {
    const part = await onceReleased(startIt, context.leaving);
    const now = databaseUrlOf(part);
    // It was told where it was; started again, it is told where it is.
    if (url !== now) void dependents.server?.current().stop();
    url = now;
    return part;
  }, options.progress);
  teardown.push(() => database.stop());
  return database;
}

function portArguments(databaseUrl: string): string[] {
  const port = URL.parse(databaseUrl)?.port;
  return port ? ['--port', port] : [];
}

/** Starts a database whose directory another process may be about to release. */
async function onceReleased(startIt: () => Promise<Part>, signal: AbortSignal): Promise<Part> {
  const until = performance.now() + RELEASED_WITHIN_MS;
  for (;;) {
    try {
      return await startIt();
    } catch (error) {
      if (!isInUse(error) || performance.now() > until || signal.aborted) throw explained(error);
      await pause(LOOK_MS, signal);
    }
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof CliError && error.cause === 'data_dir_in_use';
}

const IN_USE_HINT =
  'It belongs to no SimCity that can be joined: end that process, or use another directory with --data-dir DIR.';

function explained(error: unknown): unknown {
  if (!isInUse(error)) return error;
  return new CliError(messageOf(error), { exitCode: EXIT.unreachable, hint: IN_USE_HINT, cause: error });
}

/** The environment of parts: their logs hold what is out of order. */
export function quietly({ env }: Context): Record<string, string | undefined> {
  return { ...env, SIMCITY_LOG_LEVEL: env['SIMCITY_LOG_LEVEL'] ?? 'warn' };
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
