/** A run that fails, and what a terminal shows of why: for pictures and for examples, from real runs. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPty } from '../../test/helpers/pty.ts';

const PROGRAM = join(process.cwd(), 'cli/simcity.js');
/** More than is printed: the picture is as high as what is. */
const MOST_ROWS = 200;
const LIMIT_MS = 10 * 60_000;
/** A bug that none of them shows is no bug any more. */
const MOST_SEEDS = 20;
const FAIL = 1;

export interface ToExplain {
  /** Flags of the run, but its seed. */
  run: readonly string[];
  columns: number;
  env?: Readonly<Record<string, string>>;
  firstSeed?: number;
}

export interface Explained {
  /** The first seed that failed. */
  seed: number;
  /** All that the terminal was sent. */
  raw: string;
  /** What it shows, without colours. */
  text: string;
  /** How many rows it takes. */
  rows: number;
}

/** Runs seed after seed until one fails, in a folder of its own, and explains it as `simcity explain latest` does. */
export async function explained({ run, columns, env = {}, firstSeed = 1 }: ToExplain): Promise<Explained> {
  const folder = mkdtempSync(join(tmpdir(), 'simcity-explained-'));
  try {
    const seed = failingSeed(run, env, firstSeed, folder);
    const pty = startPty(process.execPath, [PROGRAM, 'explain', 'latest', '--data-dir', folder], {
      columns,
      rows: MOST_ROWS,
      env: { COLORTERM: 'truecolor', ...env },
    });
    const limit = setTimeout(() => pty.kill('SIGKILL'), LIMIT_MS);
    const { exitCode, signal } = await pty.exited.finally(() => clearTimeout(limit));
    // Whoever is killed for its time has the exit code 0 here.
    if (exitCode !== 0 || signal) throw new Error(`it is not explained: ${pty.text()}`);
    const lines = pty.screen();
    const rows = lines.findLastIndex((line) => line.trim() !== '') + 1;
    return { seed, raw: pty.raw(), text: lines.slice(0, rows).join('\n'), rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** It is the newest run then. */
function failingSeed(
  run: readonly string[],
  env: Readonly<Record<string, string>>,
  first: number,
  folder: string,
): number {
  for (let seed = first; seed < first + MOST_SEEDS; seed++) {
    const args = ['run', ...run, '--seed', String(seed), '--log', '--no-explain', '--data-dir', folder];
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      timeout: LIMIT_MS,
    });
    if (status === FAIL) return seed;
    if (status !== 0) throw new Error(`the run with ${run.join(' ')} ended with ${status}: ${stderr}`);
  }
  throw new Error(`no seed from ${first} on fails with ${run.join(' ')}`);
}
