/** Lines that stand more than once: runs of six lines or more that two places share to the letter. */
import type { Source } from './sources.ts';

const RUN = 6;

/** How many lines of `sources` lie in a run of six that stands elsewhere too; blank lines and imports do not count. */
export function repeatedLines(sources: readonly Source[]): number {
  const places = new Map<string, { source: number; line: number }[]>();
  const kept = sources.map(({ text }) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !/^(import|export \*|\} from)\b/.test(line)),
  );
  kept.forEach((lines, source) => {
    for (let line = 0; line + RUN <= lines.length; line++) {
      const run = lines.slice(line, line + RUN).join('\n');
      places.set(run, [...(places.get(run) ?? []), { source, line }]);
    }
  });
  const repeated = new Set<string>();
  for (const found of places.values()) {
    if (found.length < 2) continue;
    for (const { source, line } of found) {
      for (let at = line; at < line + RUN; at++) repeated.add(`${source}:${at}`);
    }
  }
  return repeated.size;
}
