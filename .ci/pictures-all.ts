/**
 * Every view of mission control in every size and on every kind of terminal, to look at:
 *
 *   npm run pictures:all -- DIR
 *
 * writes an SVG each into DIR, and index.html with all of them. `SIMCITY_PICTURES=live,help` makes those views alone.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withRuns } from './pictures/host.ts';
import { DARK, LIGHT, svgOf } from './pictures/svg.ts';

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
];

interface Kind {
  name: string;
  env: Readonly<Record<string, string>>;
  onLight?: true;
  /** In the least size alone. */
  isRare?: true;
}

const KINDS: readonly Kind[] = [
  { name: 'dark', env: { COLORTERM: 'truecolor', SIMCITY_THEME: 'dark' } },
  { name: 'light', env: { COLORTERM: 'truecolor', SIMCITY_THEME: 'light' }, onLight: true },
  { name: 'ascii', env: { SIMCITY_THEME: 'dark', SIMCITY_ASCII: '1' } },
  { name: 'vt100', env: { TERM: 'vt100', COLORTERM: '' }, isRare: true },
  { name: 'no-color', env: { NO_COLOR: '1' }, isRare: true },
  { name: '16-colors', env: { TERM: 'linux', COLORTERM: '' }, isRare: true },
  { name: 'braille', env: { SIMCITY_THEME: 'dark', SIMCITY_CHARTS: 'braille' }, isRare: true },
];

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('Name the folder for the pictures: npm run pictures:all -- DIR\n');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const chosen = process.env['SIMCITY_PICTURES']?.split(',');
const made: string[] = [];
await withRuns('lost-cancel', async ({ views, picture }) => {
  for (const view of views.filter(({ name }) => chosen?.includes(name) ?? true)) {
    for (const size of SIZES) {
      for (const { name, env, onLight, isRare } of KINDS) {
        if (isRare && size !== SIZES[0]) continue;
        const file = `${view.name}-${size.columns}x${size.rows}-${name}.svg`;
        const missing = (what: string) => process.stderr.write(`${file} does not show ${what}\n`);
        const shown = await picture(view, { ...size, env }, missing);
        writeFileSync(join(folder, file), svgOf(shown, onLight ? LIGHT : DARK));
        made.push(file);
        process.stdout.write(`${file}\n`);
      }
    }
  }
});
const figures = made.map(
  (file) => `<figure><figcaption>${file}</figcaption><img src="${file}" alt=""></figure>`,
);
writeFileSync(join(folder, 'index.html'), `<!doctype html><meta charset="utf-8">${figures.join('')}`);
