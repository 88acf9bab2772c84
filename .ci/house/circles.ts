/** Circles of imports, type imports counted, by Tarjan's strongly connected components (SIAM J. Comput. 1972). */
import { dirname, join } from 'node:path/posix';
import type { Source } from './sources.ts';

export interface Circle {
  files: string[];
  /** The folders that it goes through. More than one: a circle between folders. */
  folders: string[];
}

const IMPORT =
  /\b(?:import|export)\b[^;'"`]*?\bfrom\s*'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)|^import '(\.[^']+)';/gm;

/** Which of `sources` each imports, whether for values or for types only. */
function importsOf(sources: readonly Source[]): Map<string, string[]> {
  const known = new Set(sources.map(({ path }) => path));
  return new Map(
    sources.map(({ path, text }) => {
      const named = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
      return [path, named.map((name) => join(dirname(path), name)).filter((each) => known.has(each))];
    }),
  );
}

/** Every set of at least two files that import each other, the largest first. */
export function circlesOf(sources: readonly Source[]): Circle[] {
  const imports = importsOf(sources);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const circles: Circle[] = [];
  const visit = (path: string): void => {
    index.set(path, index.size);
    low.set(path, index.get(path) ?? 0);
    open.push(path);
    isOpen.add(path);
    for (const next of imports.get(path) ?? []) {
      if (!index.has(next)) visit(next);
      const reached = index.get(next) === undefined || !isOpen.has(next) ? undefined : low.get(next);
      if (reached !== undefined) low.set(path, Math.min(low.get(path) ?? 0, reached));
    }
    if (low.get(path) !== index.get(path)) return;
    const files = open.splice(open.lastIndexOf(path));
    for (const file of files) isOpen.delete(file);
    if (files.length > 1) {
      circles.push({ files: files.sort(), folders: [...new Set(files.map(dirname))].sort() });
    }
  };
  for (const path of imports.keys()) if (!index.has(path)) visit(path);
  return circles.sort((one, other) => other.files.length - one.files.length);
}
