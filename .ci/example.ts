/**
 * Writes the example of why a run failed into README.md, between its marks, from a real run: looks for a seed that fails,
 * has it explained, and takes what a terminal of this width shows, without its colours.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { explained } from './pictures/explained.ts';
import { between } from './zoo/table.ts';

const README = 'README.md';
/** As wide as a page shows code without scrolling. */
const COLUMNS = 100;

const run = ['--bug', 'check-then-insert'];
const { text, seed } = await explained({ run, columns: COLUMNS, env: { NO_COLOR: '1' }, firstSeed: 16 });
const typed = [`$ npx simcity run --seed ${seed} ${run.join(' ')}`, '$ npx simcity explain latest'];
const lines = [...typed, ...text.trimEnd().split('\n')].map((line) => line.trimEnd());
writeFileSync(
  README,
  between(readFileSync(README, 'utf8'), 'example', `\n\`\`\`console\n${lines.join('\n')}\n\`\`\`\n\n`),
);
