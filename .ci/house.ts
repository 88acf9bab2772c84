/**
 * Measures the house: `npm run house [-- FOLDER …]` prints lines by part, sizes of files, circles of imports with types
 * counted, repeated lines and the words of the README, a column for each checkout (this one by default).
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { circlesOf } from './house/circles.ts';
import { repeatedLines } from './house/repeats.ts';
import { PARTS, readSources } from './house/sources.ts';

const here = join(dirname(fileURLToPath(import.meta.url)), '..');
const folders = process.argv.slice(2);
const roots = folders.length === 0 ? [here] : folders;

function rank(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function measure(root: string): Map<string, string> {
  const sources = readSources(root);
  const sizes = sources.map(({ lines }) => lines).sort((one, other) => one - other);
  const circles = circlesOf(sources);
  const total = (part?: string) =>
    sources
      .filter((each) => part === undefined || each.part === part)
      .reduce((sum, each) => sum + each.lines, 0);
  const between = circles.filter((circle) => circle.folders.length > 1);
  return new Map([
    ...PARTS.map((part): [string, string] => [`lines of ${part}/`, total(part).toLocaleString('en')]),
    ['lines in all', total().toLocaleString('en')],
    ['files', String(sources.length)],
    ['lines of a file, median / p90', `${rank(sizes, 0.5)} / ${rank(sizes, 0.9)}`],
    [
      'circles of imports, types counted',
      `${circles.length} (${circles.reduce((sum, { files }) => sum + files.length, 0)} files)`,
    ],
    ['… of them between folders', String(between.length)],
    ['repeated lines (runs of 6)', String(repeatedLines(sources))],
    ['words of the README', String(readFileSync(join(root, 'README.md'), 'utf8').split(/\s+/).length)],
  ]);
}

const columns = roots.map(measure);
const rows = [...(columns[0]?.keys() ?? [])];
const lines = rows.map((row) => `| ${row} | ${columns.map((column) => column.get(row) ?? '').join(' | ')} |`);
console.log(
  [
    `| | ${roots.length === 1 ? 'now' : roots.join(' | ')} |`,
    `|---|${'---|'.repeat(roots.length)}`,
    ...lines,
  ].join('\n'),
);
if (roots.length === 1) {
  for (const circle of circlesOf(readSources(here))) console.log(`circle: ${circle.files.join(', ')}`);
}
