/**
 * The world of a data directory: the first process hosts it, the others join it, and when the host goes, one of those
 * takes over, at the same address with the same token. Every process executes its own runs.
 */
import { type FolderLock, takeLock } from '../../server/contract/process-lock/lock.ts';
import { enterMember } from '../../server/contract/world-members.ts';
import { worldRunnerName } from '../../server/contract/world-runner.ts';
import { type Connection, createApi } from '../client/api.ts';
import { pause } from '../client/pause.ts';
import type { Context } from '../process/context.ts';
import { CliError, EXIT, messageOf } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { prepareDataDir } from './data-dir.ts';
import { type HostedHere, type HostOptions, startHost } from './host.ts';
import { believedNote, type HostNote, stillStands } from './host-note.ts';
import { createOwnRunner, type OwnRunner, type RunnerOrder } from './own-runner.ts';
import { isOwnAlive } from './ports.ts';
import { provesItself } from './prove.ts';

/** This process's part in the world of a data directory. */
export interface Hosted {
  /** Leads to whoever hosts at the time. */
  readonly connection: Connection;
  /** The database in use, for runners; null when it is not known here. */
  databaseUrl(): string | null;
  /** For launches that only the runner of this process may take; null: whoever hosts executes them. */
  runnerName(): string | null;
  /** Has runs executed: here, unless the host does that for everybody. */
  startRunner(order: RunnerOrder): Promise<void>;
  /** Starts a runner of this process's, and leads it to where the world is for as long as it is not stopped. */
  lead(runner: OwnRunner): Promise<void>;
  /** True when runs are executed in this process, and end with it. */
  readonly executes: boolean;
  /** Leaves the world: what runs here is ended, and what is hosted here is left to others. Also done at exit. */
  close(): Promise<void>;
}

/**
 * Either this process hosts, and holds the lock (null: it hosts beside whoever does); or it has joined the process of
 * the note.
 */
type Role =
  | { isHost: true; note: HostNote & { url: string }; here: HostedHere; lock: FolderLock | null }
  | { isHost: false; note: HostNote & { url: string } };

/** How often the host is looked after, in ms. */
const WATCH_MS = 200;
const LOOK_MS = 50;
/** A host that neither gets ready nor goes away is waited for no longer, in ms. */
const PATIENCE_MS = 60_000;
/** Between two attempts to take over that failed, in ms. */
const AGAIN_MS = 1_000;

/** Joins whoever hosts the directory, or hosts it. @throws CliError when neither is possible. */
export async function enterWorld(context: Context, options: HostOptions): Promise<Hosted> {
  const world = new World(context, options);
  try {
    await world.enter();
    if (world.holdsLock) importCampaigns(context, world.connection, options.dataDir).catch(() => {});
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
}

/** Those of the directory that were executed while nobody hosted. Whoever hosts next tries again. */
async function importCampaigns(context: Context, connection: Connection, dataDir: string): Promise<void> {
  const { importStored } = await import('../campaign/import.ts');
  await importStored(createApi(connection, { signal: context.leaving }), dataDir);
}

class World implements Hosted {
  readonly connection: Connection;
  readonly #context: Context;
  readonly #options: HostOptions;
  readonly #forget: () => void;
  readonly #leaving = new AbortController();
  readonly #runner: OwnRunner;
  readonly #led = new Set<OwnRunner>();
  #role: Role | null = null;
  #leaveMembers: (() => void) | null = null;
  #settling: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor(context: Context, options: HostOptions) {
    this.#context = context;
    this.#options = options;
    this.#forget = context.atExit(() => this.close());
    context.leaving.addEventListener('abort', () => this.#leaving.abort(), { once: true });
    const { name = worldRunnerName(), env = {} } = options.standingRunner ?? {};
    this.#runner = createOwnRunner(context, options, name, env);
    const role = () => this.#role;
    this.connection = {
      get url() {
        return urlOf(role());
      },
      get token() {
        return tokenOf(role());
      },
      origin: 'note',
      recover: (signal) => this.#recover(signal),
    };
  }

  async enter(): Promise<void> {
    this.#role = await this.#elect(null);
    this.#timer = setInterval(() => this.#watch(), WATCH_MS).unref();
  }

  get holdsLock(): boolean {
    return this.#role?.isHost === true && this.#role.lock !== null;
  }

  databaseUrl(): string | null {
    const { env } = this.#context;
    const role = this.#role;
    if (role?.isHost) return role.here.databaseUrl();
    return role?.note.databaseUrl ?? (env['DATABASE_URL'] || null);
  }

  runnerName(): string | null {
    return this.#isServed() || this.databaseUrl() === null ? null : this.#runner.name;
  }

  async startRunner(order: RunnerOrder): Promise<void> {
    this.#runner.want(order);
    await this.#keepRunner();
  }

  async lead(runner: OwnRunner): Promise<void> {
    this.#led.add(runner);
    await this.#keepRunner();
  }

  get executes(): boolean {
    return this.#runner.isStarted;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#forget();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#leaving.abort();
    // What is just being taken over is taken down again.
    await this.#settling?.catch(() => {});
    await this.#runner.stop();
    this.#noMember();
    if (!this.#role?.isHost) return;
    await this.#role.here.close();
    await this.#role.lock?.release();
  }

  /** True when another process executes the runs of everybody. */
  #isServed(): boolean {
    if (this.#options.standingRunner !== undefined) return false;
    return this.#role !== null && !this.#role.isHost && this.#role.note.executes;
  }

  /** Starts the runner where one is wanted, and leads it to where the world is now. */
  async #keepRunner(): Promise<void> {
    const database = this.databaseUrl();
    if (database === null) return;
    const place = { server: this.connection.url, database };
    for (const runner of this.#led) {
      if (runner.isStopped) this.#led.delete(runner);
      else await runner.keep(place);
    }
    if (!this.#isServed()) await this.#runner.keep(place);
  }

  /** One that does not start is started at a later look. */
  #startRunnerEarly({ url, databaseUrl }: HostNote & { url: string }): void {
    const database = databaseUrl ?? this.databaseUrl();
    if (database !== null) this.#runner.keep({ server: url, database }).catch(() => {});
  }

  #watch(): void {
    if (this.#settling !== null || this.#role === null) return;
    if (!this.#role.isHost && !stillStands(this.#options.dataDir, this.#role.note)) {
      this.#settle().catch(() => {});
      return;
    }
    if (this.#role.isHost && this.#role.lock === null && believedNote(this.#options.dataDir) === null) {
      this.#settling = this.#takePlace(this.#role).finally(() => {
        this.#settling = null;
      });
    }
    this.#keepRunner().catch((error: unknown) => this.#options.progress(safeText(messageOf(error))));
  }

  /** Finds the next host, or becomes it. @throws CliError when that failed; the next look tries again. */
  #settle(): Promise<void> {
    this.#settling ??= this.#takeOver().finally(() => {
      this.#settling = null;
    });
    return this.#settling;
  }

  /** Of whoever was found in the directory before: from now on that is this process. */
  async #takePlace(role: Role & { isHost: true }): Promise<void> {
    const lock = await takeLock(this.#options.dataDir, 'host').catch(() => null);
    if (lock === null || !('release' in lock)) return;
    this.#role = { ...role, lock };
    role.here.leaveNote();
  }

  async #takeOver(): Promise<void> {
    const before = this.#role?.note ?? null;
    // Who executed the runs is gone with the host: beside the next one, not after it.
    if (before?.executes) this.#startRunnerEarly(before);
    try {
      this.#role = await this.#elect(before);
    } catch (error) {
      if (!this.#leaving.signal.aborted) {
        this.#options.progress(`nobody could take over: ${messageOf(error)}`);
        await pause(AGAIN_MS, this.#leaving.signal);
      }
      throw error;
    }
    if (this.#leaving.signal.aborted) return;
    // Runs of whoever was there before wait for somebody.
    if (this.#role.isHost) this.#runner.want(null);
    await this.#keepRunner();
  }

  async #recover(signal?: AbortSignal): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (!signal?.aborted && !this.#leaving.signal.aborted) {
      const role = this.#role;
      if (role === null) throw this.#inUse(null);
      if (this.#settling !== null) await this.#settling;
      else if (!role.isHost && !stillStands(this.#options.dataDir, role.note)) await this.#settle();
      else if (await provesItself(role.note.url, role.note.token, signal)) return;
      else if (performance.now() > until) throw this.#inUse(role.note);
      else await pause(LOOK_MS, signal);
    }
  }

  /** Joins a host that proves itself, or takes the lock and hosts. `before`: the host until now; null: it is the first time. */
  async #elect(before: HostNote | null): Promise<Role> {
    const { dataDir, progress } = this.#options;
    const { logDir } = prepareDataDir(dataDir);
    if (this.#options.beside) {
      const lock = await takeLock(dataDir, 'host');
      return await this.#host('release' in lock ? lock : null, logDir, before);
    }
    const until = performance.now() + PATIENCE_MS;
    let isWaiting = false;
    while (!this.#leaving.signal.aborted) {
      const note = believedNote(dataDir);
      if (note !== null) {
        const joined = await this.#join(note);
        if (joined !== null) return joined;
      } else if (this.#mayHost(before)) {
        const lock = await takeLock(dataDir, 'host');
        if ('release' in lock) return await this.#host(lock, logDir, before);
      }
      if (performance.now() > until) throw this.#inUse(note);
      if (!isWaiting && before === null)
        progress('waiting for the SimCity that starts or ends in this directory');
      isWaiting = true;
      await pause(LOOK_MS, this.#leaving.signal);
    }
    throw new CliError('told to leave', { exitCode: EXIT.interrupted });
  }

  /** Null: it does not answer yet. @throws CliError when it cannot be joined. */
  async #join(note: HostNote): Promise<Role | null> {
    const { url } = note;
    if (url === null) throw this.#inUse(note);
    if (!(await provesItself(url, note.token, this.#leaving.signal))) return null;
    if (this.#options.lasting && note.lasting) throw this.#inUse(note);
    this.#leaveMembers ??= enterMember(this.#options.dataDir, worldRunnerName());
    return { isHost: false, note: { ...note, url } };
  }

  async #host(lock: FolderLock | null, logDir: string, before: HostNote | null): Promise<Role> {
    try {
      const here = await startHost(this.#context, this.#options, logDir, before);
      if (lock !== null) here.leaveNote();
      this.#noMember();
      return { isHost: true, note: here.note, here, lock };
    } catch (error) {
      await lock?.release();
      throw error;
    }
  }

  #noMember(): void {
    this.#leaveMembers?.();
    this.#leaveMembers = null;
  }

  /** What is stored elsewhere than in the directory is served on only by who uses the same database. */
  #mayHost(before: HostNote | null): boolean {
    if (before === null) return true;
    return (before.databaseUrl === null) === Boolean(this.#context.env['DATABASE_URL']);
  }

  #inUse(note: HostNote | null): CliError {
    const who = note === null ? '' : `: ${safeText(note.command)}, process ${note.pid}`;
    return new CliError(
      `the data directory ${safeText(this.#options.dataDir)} is in use by another SimCity${who}.`,
      { exitCode: EXIT.unreachable, hint: hintFor(note) },
    );
  }
}

function hintFor(note: HostNote | null): string {
  if (note?.url === null)
    return 'It does not listen on the loopback address: name it by its address, with --server or SIMCITY_URL.';
  if (note?.lasting)
    return '`simcity run` and `simcity watch` use it from here; another one needs another directory: --data-dir DIR.';
  return 'It does not answer: end it, or use another directory with --data-dir DIR.';
}

function urlOf(role: Role | null): string {
  if (role === null) throw new Error('the world was not entered');
  return role.isHost ? role.here.url : role.note.url;
}

/** Nothing for whoever may be at the address of a process that is gone. */
function tokenOf(role: Role | null): string | undefined {
  if (role === null) return undefined;
  return role.isHost || isOwnAlive(role.note.pid, role.note.start) ? role.note.token : undefined;
}
