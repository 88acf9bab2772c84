/**
 * Makes the pictures of why something broke for runner/README.md, from real runs of both targets and of a service
 * behind the gate: looks for a seed that fails, has it explained, and writes what a terminal shows as SVG into
 * .readme/, for dark and for light pages.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPty } from '../test/helpers/pty.ts';
import { DARK, LIGHT, replayed, svgOf } from './pictures/svg.ts';

const COLUMNS = 122;
/** More than is printed: the picture is as high as what is. */
const MOST_ROWS = 200;
const LIMIT_MS = 10 * 60_000;
/** A bug that none of them shows is no bug any more. */
const MOST_SEEDS = 20;
const FAIL = 1;

interface Picture {
  /** `why-NAME.svg`. */
  name: string;
  /** Flags of the run. */
  run: readonly string[];
  env?: Readonly<Record<string, string>>;
}

const FLASK = join(process.cwd(), 'test/gate/services/flask_sqlalchemy.py');

const PICTURES: readonly Picture[] = [
  ...['check-then-insert', 'torn-read', 'lost-cancel'].map((bug) => ({
    name: bug,
    run: ['--target', 'postgres', '--bug', bug],
  })),
  { name: 'memory', run: ['--target', 'memory', '--bug', 'check-then-insert'] },
  {
    name: 'gated',
    run: ['--target', 'http://127.0.0.1:18080', '--exec', `/usr/bin/python3 ${FLASK}`, '--gate'],
    env: { BUG: 'check-then-insert' },
  },
];

const folder = mkdtempSync(join(tmpdir(), 'simcity-pictures-'));
const program = join(process.cwd(), 'cli/simcity.js');
try {
  mkdirSync('.readme', { recursive: true });
  // `SIMCITY_PICTURES=memory,gated` makes those alone.
  const chosen = process.env['SIMCITY_PICTURES']?.split(',');
  for (const picture of PICTURES.filter(({ name }) => chosen?.includes(name) ?? true)) await draw(picture);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function draw(picture: Picture): Promise<void> {
  failingRun(picture);
  const pty = startPty(process.execPath, [program, 'explain', 'latest', '--data-dir', folder], {
    columns: COLUMNS,
    rows: MOST_ROWS,
    env: { COLORTERM: 'truecolor', ...picture.env },
  });
  const limit = setTimeout(() => pty.kill('SIGKILL'), LIMIT_MS);
  try {
    await pty.exited;
  } finally {
    clearTimeout(limit);
  }
  const rows = pty.screen().findLastIndex((line) => line.trim() !== '') + 1;
  for (const [suffix, theme] of [
    ['', DARK],
    ['-light', LIGHT],
  ] as const) {
    const path = join('.readme', `why-${picture.name}${suffix}.svg`);
    writeFileSync(path, svgOf(await replayed(pty.raw(), COLUMNS, rows + 1), theme));
    process.stdout.write(`${path}\n`);
  }
  process.stdout.write(`${pty.text().trimEnd()}\n`);
}

/** Runs seed after seed until one fails; it is the newest run then. */
function failingRun({ name, run, env }: Picture): void {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const args = ['run', ...run, '--seed', String(seed), '--log', '--no-explain', '--data-dir', folder];
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      timeout: LIMIT_MS,
    });
    if (status === FAIL) return;
    if (status !== 0) throw new Error(`the run for ${name} ended with ${status}: ${stderr}`);
  }
  throw new Error(`no seed up to ${MOST_SEEDS} fails for ${name}`);
}
