/** The product's source files, as git knows them, with their text. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** The parts that are counted; tests and tools are not the product. */
export const PARTS = ['cli', 'server', 'runner', 'sql'] as const;
const SOURCE = new Set(['.ts', '.tsx', '.js', '.css', '.sql']);

export interface Source {
  /** Relative to the root, with slashes. */
  path: string;
  part: string;
  text: string;
  lines: number;
}

/** Every source file below `root` that git tracks. */
export function readSources(root: string): Source[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--', ...PARTS], { cwd: root, encoding: 'utf8' });
  return listed
    .split('\0')
    .filter((path) => SOURCE.has(extname(path)))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, part: path.split('/')[0] ?? '', text, lines: text.split('\n').length - 1 };
    });
}
