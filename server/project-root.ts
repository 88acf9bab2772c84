/** Where the project's own files (sql/) are, from source and from dist/ alike. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds SimCity's package.json, found upwards from this module. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'sql'))) return folder;
    const parent = dirname(folder);
    if (parent === folder) {
      throw new Error(
        `no folder with package.json and sql/ above ${fileURLToPath(import.meta.url)}; install SimCity again`,
      );
    }
    folder = parent;
  }
}

/** SimCity's version, from its package.json. */
export function projectVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8'));
  return manifest !== null && typeof manifest === 'object' && 'version' in manifest
    ? String(manifest.version)
    : '0.0.0';
}
