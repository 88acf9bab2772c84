/** SimCity's processes, started as its users start them: by the commands `serve`, `runner`, `up`, `run`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../../helpers/folder.ts';
import { descendants, isRunning, ROW_VARIABLE, running, signal } from './processes.ts';
import type { Starter } from './row.ts';
import { until, within } from './until.ts';

const SIMCITY = `${process.cwd()}/cli/simcity.js`;
const READY_MS = 60_000;
const GONE_MS = 40_000;

export type Env = Record<string, string | undefined>;

export interface StartOptions {
  env?: Env;
  /** Words before `node`: `ip netns exec NAME`, for example. */
  prefix?: readonly string[];
  args?: readonly string[];
  /** The `simcity.js` that is started; by default that of this build. */
  program?: string;
  /** The working directory; by default a folder of its own. */
  cwd?: string;
}

/** A command under way, with all that it says. */
export class Command {
  readonly child: ChildProcess;
  readonly folder: string;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | NodeJS.Signals>;

  constructor(child: ChildProcess, folder: string) {
    this.child = child;
    this.folder = folder;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = once(child, 'close').then(([code, by]) => (by ?? code) as number | NodeJS.Signals);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** The processes of a part below this command. */
  partPids(part: 'server' | 'runner' | 'harness'): number[] {
    return running(descendants(this.pid), part);
  }

  /** kill -9 of a part; resolves once it is gone. */
  async killPart(part: 'server' | 'runner' | 'harness'): Promise<number> {
    const pid = await until(`a ${part} runs`, READY_MS, () => this.partPids(part)[0]);
    signal(pid, 'SIGKILL');
    await until(`the ${part} is gone`, 5_000, () => !isRunning(pid));
    return pid;
  }

  /** All that its parts logged. */
  async logs(): Promise<string> {
    const folder = join(this.folder, 'data', 'logs');
    const names = await readdir(folder).catch(() => []);
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    return [this.stderr, ...texts].join('\n');
  }

  /** Asks it to end in good order. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    await within(`${this.child.spawnargs.join(' ')} ends after SIGTERM`, GONE_MS, this.ended);
  }
}

/** Starts `simcity` with `args` in a folder of its own; it is told to end when the row is over. */
export async function startSimcity(
  row: Starter,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Command> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'data'), { recursive: true });
  const [file = process.execPath, ...words] = [
    ...(options.prefix ?? []),
    process.execPath,
    options.program ?? SIMCITY,
    ...args,
  ];
  const child = spawn(file, words, {
    cwd: options.cwd ?? folder,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      // The suite's own folder, in which nothing outlives it.
      TMPDIR: process.env['TMPDIR'],
      SIMCITY_DATA_DIR: join(folder, 'data'),
      SIMCITY_LOG_LEVEL: 'info',
      [ROW_VARIABLE]: row.tag,
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const command = new Command(child, folder);
  row.defer(async () => {
    await command.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return command;
}

export interface Serving extends Command {
  url: string;
}

/** `simcity serve` on a database; resolves when it serves. */
export async function serve(row: Starter, databaseUrl: string, options: StartOptions = {}): Promise<Serving> {
  return hosting(row, 'serve', { ...options, env: { DATABASE_URL: databaseUrl, ...options.env } });
}

/** `simcity up`: server and runner on a database. */
export async function up(row: Starter, databaseUrl: string, options: StartOptions = {}): Promise<Serving> {
  return hosting(row, 'up', { ...options, env: { DATABASE_URL: databaseUrl, ...options.env } });
}

async function hosting(row: Starter, word: 'serve' | 'up', options: StartOptions): Promise<Serving> {
  const command = await startSimcity(row, [word, '--port', '0', ...(options.args ?? [])], options);
  const url = await until(`simcity ${word} prints its URL`, READY_MS, () => {
    if (command.child.exitCode !== null) throw new Error(`it ended: ${command.stderr}`);
    return /^(http:\S+)$/m.exec(command.stdout)?.[1];
  });
  return Object.assign(command, { url });
}

/** `simcity runner` for a server; resolves when it takes runs. */
export async function runner(
  row: Starter,
  serverUrl: string,
  databaseUrl: string,
  options: StartOptions = {},
): Promise<Command> {
  const command = await startSimcity(row, ['runner', '--server', serverUrl, ...(options.args ?? [])], {
    ...options,
    env: { DATABASE_URL: databaseUrl, ...options.env },
  });
  await until('simcity runner takes runs', READY_MS, () => {
    if (command.child.exitCode !== null) throw new Error(`it ended: ${command.stderr}`);
    return / takes runs of /.test(command.stderr);
  });
  return command;
}
