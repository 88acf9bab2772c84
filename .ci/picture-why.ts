/**
 * Makes the pictures of why something broke for runner/README.md, from real runs of both targets and of a service
 * behind the gate: looks for a seed that fails, has it explained, and writes what a terminal shows as SVG into
 * .readme/, for dark and for light pages.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explained, type ToExplain } from './pictures/explained.ts';
import { DARK, LIGHT, replayed, svgOf } from './pictures/svg.ts';

const COLUMNS = 122;

interface Picture extends Omit<ToExplain, 'columns'> {
  /** `why-NAME.svg`. */
  name: string;
}

const FLASK = join(process.cwd(), 'test/gate/services/flask_sqlalchemy.py');

const PICTURES: readonly Picture[] = [
  ...['check-then-insert', 'torn-read', 'lost-cancel'].map((bug) => ({
    name: bug,
    run: ['--target', 'postgres', '--bug', bug],
  })),
  { name: 'memory', run: ['--target', 'memory', '--bug', 'check-then-insert'] },
  {
    name: 'gated',
    run: ['--target', 'http://127.0.0.1:18080', '--exec', `/usr/bin/python3 ${FLASK}`, '--gate'],
    env: { BUG: 'check-then-insert' },
  },
];

// `SIMCITY_PICTURES=memory,gated` makes those alone.
const chosen = process.env['SIMCITY_PICTURES']?.split(',');
mkdirSync('.readme', { recursive: true });
for (const { name, ...picture } of PICTURES.filter(({ name }) => chosen?.includes(name) ?? true)) {
  const { raw, rows, text } = await explained({ ...picture, columns: COLUMNS });
  for (const [suffix, theme] of [
    ['', DARK],
    ['-light', LIGHT],
  ] as const) {
    const path = join('.readme', `why-${name}${suffix}.svg`);
    writeFileSync(path, svgOf(await replayed(raw, COLUMNS, rows + 1), theme));
    process.stdout.write(`${path}\n`);
  }
  process.stdout.write(`${text}\n`);
}
