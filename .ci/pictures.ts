/**
 * Makes the pictures of the README from real runs, for dark and for light pages: opens every view in a terminal of its
 * own, and writes what the terminal shows as SVG into .readme/. `npm run pictures:all -- DIR` shows them in every size.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withRuns } from './pictures/host.ts';
import { DARK, LIGHT, svgOf } from './pictures/svg.ts';

const SIZE = { columns: 120, rows: 36 };

await withRuns(process.argv[2] ?? 'lost-cancel', async ({ views, picture }) => {
  mkdirSync('.readme', { recursive: true });
  // `SIMCITY_PICTURES=live,help` makes those alone.
  const chosen = process.env['SIMCITY_PICTURES']?.split(',');
  for (const view of views.filter(({ name }) => chosen?.includes(name) ?? true)) {
    for (const theme of ['dark', 'light'] as const) {
      const env = { COLORTERM: 'truecolor', SIMCITY_THEME: theme };
      const shown = await picture(view, { ...SIZE, env });
      const file = join('.readme', theme === 'dark' ? `${view.name}.svg` : `${view.name}-light.svg`);
      writeFileSync(file, svgOf(shown, theme === 'dark' ? DARK : LIGHT));
      process.stdout.write(`${file}\n`);
    }
  }
});
