import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toAscii } from '../../cli/terminal/ascii.ts';

/** Signs that are told from each other in one place of the screen, by that place. */
const LEGENDS: Readonly<Record<string, string>> = {
  'the header': '●♥',
  'a health line': '●○',
  'a check': '✔✖·×',
  'a situation that has to be reached': '●○×',
  'a strip of faults': '·✖CPBR',
  'the marks of a scrubber': '▁▂▃▄▅▆▇█✖',
  'the bar of a scrubber': '━●─',
  'a sparkline': '▁▂▃▄▅▆▇█',
  'a bar of occupancy or progress': '█░',
  'a slot as a dot': '✖█▆▃·!',
  'a slot with its doubt': '✖?█░',
  'the bars of a calendar': '├─┄✖?█│·',
  'the clock of a calendar': '▾',
  'a seat': '□▒◆█✖',
  'a row of the list of runs': '◆●',
  'a tree': '▾▸',
  'the bar of an operation': '─┄▸✖·│',
  'the lanes': '│─◀▶✔✖',
  'a chart': '│─┤█·',
};

/** What is drawn on terminals alone, or also there. */
const FOLDERS = ['cli/tui', 'cli/run', 'cli/output', 'cli/campaign', 'cli/commands'];
/** Pages and annotations, which no terminal shows. */
const NOT_SHOWN = /\/report\/|github\.ts$/;

describe('in ASCII', () => {
  test.each(Object.entries(LEGENDS))('%s has as many signs', (_, legend) => {
    const signs = [...legend];
    expect(new Set(signs.map(toAscii)).size, toAscii(legend)).toBe(signs.length);
  });

  test('every sign that is drawn has one that stands for it', () => {
    const signs = FOLDERS.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.tsx?$/.test(name) && !NOT_SHOWN.test(join(folder, name)))
        .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/[\u2010-\u2bff]/gu)])
        .map(([sign]) => sign),
    );
    expect(signs.length).toBeGreaterThan(100);
    expect([...new Set(signs)].filter((sign) => toAscii(sign) === '?')).toEqual([]);
  });
});
