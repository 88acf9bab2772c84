/** The files for browsers, as the build left them: read once, with their compressed forms beside them. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { projectRoot } from '../project-root.ts';

export interface Asset {
  type: string;
  /** Strong: it changes with the content. */
  etag: string;
  /** By content coding; '' is the file as it is. */
  forms: { readonly br: Buffer; readonly gzip: Buffer; readonly '': Buffer };
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The assets by file name; null when they are not built. What is read stays, so a page fits its script until a restart. */
export function readAssets(folder = join(projectRoot(), 'dist/web')): ReadonlyMap<string, Asset> | null {
  if (!existsSync(join(folder, 'index.html'))) return null;
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const content = readFileSync(join(folder, name));
    assets.set(name, {
      type,
      etag: createHash('sha256').update(content).digest('base64url').slice(0, 22),
      forms: {
        br: readFileSync(join(folder, `${name}.br`)),
        gzip: readFileSync(join(folder, `${name}.gz`)),
        '': content,
      },
    });
  }
  return assets;
}
