/** A clock of ours, and a PostgreSQL of ours that goes by it, in a folder that goes with both. */
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../../../../server/contract/child-process/child.ts';
import { OutputTail } from '../../../../server/contract/child-process/output-tail.ts';
import { FOUNDED_MS } from '../../../../server/contract/clock-move.ts';
import type { GateClock } from '../../../../server/contract/gate.ts';
import { CLOCK_FILE } from '../../../../server/contract/names.ts';
import { firstLine, parseReady } from '../../../../server/contract/ready-line.ts';
import { connectOne } from '../../postgres/connection.ts';
import { ClockFile } from './clock-file.ts';
import { compiledPreload } from './compile.ts';

const STOP_MS = 15_000;
const SHOWN_LINES = 10;
/** PostgreSQL, where it waits, goes on by less than a second. */
const MOST_CREEP_MS = 1_000;

export class ClockedGround {
  readonly file: ClockFile;
  /** Of its PostgreSQL, as a superuser. */
  readonly url: string;
  /** Timers of Node skip what the clock skips. */
  readonly timers: boolean;
  readonly #preload: string;
  readonly #database: Child;

  private constructor(file: ClockFile, url: string, timers: boolean, preload: string, database: Child) {
    this.file = file;
    this.url = url;
    this.timers = timers;
    this.#preload = preload;
    this.#database = database;
  }

  /** @throws Error that says what to do. Nothing of it is left behind then. */
  static async open({ folder: cache, timers }: GateClock): Promise<ClockedGround> {
    const compiled = await compiledPreload(cache);
    const folder = await mkdtemp(join(tmpdir(), 'simcity-clock-'));
    // The user as whom PostgreSQL runs for root goes through.
    await chmod(folder, 0o755);
    const file = new ClockFile(join(folder, CLOCK_FILE), { serviceMs: FOUNDED_MS, databaseMs: FOUNDED_MS });
    const preload = join(folder, 'preload.so');
    await copyFile(compiled, preload);
    const database = new Child(process.execPath, [
      databaseFile(),
      ...['--data-dir', folder, '--preload', preload],
    ]);
    try {
      const ground = new ClockedGround(file, await urlOf(database), timers, preload, database);
      await ground.#assertOurs();
      return ground;
    } catch (error) {
      file.close();
      await database.end(STOP_MS);
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** For the service, which may have libraries of its own that are loaded before it. */
  environment(own: Readonly<Record<string, string | undefined>> = process.env): Record<string, string> {
    const { LD_PRELOAD: others = '' } = own;
    return {
      LD_PRELOAD: others === '' ? this.#preload : `${this.#preload}:${others}`,
      SIMCITY_CLOCK: this.file.path,
      SIMCITY_CLOCK_OF: 'service',
      ...(this.timers ? { SIMCITY_CLOCK_TIMERS: '1' } : {}),
    };
  }

  async #assertOurs(): Promise<void> {
    const sql = connectOne({ url: this.url, database: null }, 'simcity-clock');
    try {
      const [row] = await sql`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`;
      const aheadMs = Number(row?.['ms']) - FOUNDED_MS;
      if (aheadMs >= 0 && aheadMs < MOST_CREEP_MS) return;
      throw new Error(
        'The PostgreSQL that was started for --clock virtual does not go by its clock: the library that is loaded before it is not heeded here (LD_PRELOAD, or /tmp is mounted noexec). Leave --clock out.',
      );
    } finally {
      await sql.end({ timeout: 1 });
    }
  }

  async close(): Promise<void> {
    await this.#database.end(STOP_MS);
    this.file.close();
  }
}

async function urlOf(database: Child): Promise<string> {
  const said = new OutputTail().follow(database.stderr);
  const line = await Promise.race([firstLine(database), database.exited.then(() => '')]);
  const ready = parseReady(line);
  if (ready?.ready === 'database') return ready.url;
  const why =
    ready?.ready === false
      ? `${ready.message}. ${ready.hint ?? ''}`
      : `it ended. ${said.lastLines(SHOWN_LINES).join('\n')}`;
  throw new Error(`--clock virtual needs a PostgreSQL of ours, which does not start: ${why.trim()}`);
}

/** Beside the bundle, or among the sources where SimCity runs from them. */
function databaseFile(): string {
  const source = fileURLToPath(new URL('../../../../server/db/embedded-main.ts', import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL('./database.js', import.meta.url));
}
