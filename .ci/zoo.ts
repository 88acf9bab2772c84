/**
 * Measures how soon the zoo's known bugs are found, and writes the table of runner/README.md from it:
 *
 *   DATABASE_URL=postgres://… node .ci/zoo.ts [--seeds 20] [--shrunk 1] [--only bug,bug] [--print]
 *
 * Every number comes from runs that are executed here with the default profile of faults. Without
 * DATABASE_URL, PostgreSQL is started in a temporary folder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BUGS } from '../runner/scenarios/bookings/bugs/index.ts';
import { BUGS as NAMES, runConfigSchema } from '../server/contract/index.ts';
import { startTestPostgres } from '../test/helpers/postgres.ts';
import { type Finding, found, medianOf, shrunkSize, type TargetName } from './zoo/measure.ts';
import { between, table } from './zoo/table.ts';

const README = 'runner/README.md';
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    only: { type: 'string' },
    shrunk: { type: 'string', default: '1' },
    print: { type: 'boolean', default: false },
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const bugs = BUGS.filter(({ name }) => !values.only || values.only.split(',').includes(name));
/** Failing seeds of a bug that are shrunk; their median size is shown. */
const shrunkSeeds = Number(values.shrunk);
const standard = runConfigSchema.parse({});

const cluster = process.env['DATABASE_URL'] ? null : await startTestPostgres();
const url = process.env['DATABASE_URL'] ?? (await cluster?.createDatabase({ migrated: false })) ?? '';
try {
  const text = await measureZoo();
  if (values.print) process.stdout.write(text);
  else writeFileSync(README, between(readFileSync(README, 'utf8'), 'zoo', text));
} finally {
  await cluster?.close();
}

async function measureZoo(): Promise<string> {
  const rows: string[][] = [];
  for (const bug of bugs) {
    progress(`zoo: ${bug.name}`);
    const over: Partial<Record<TargetName, Finding[]>> = {};
    over.postgres = await found('postgres', bug.name, seeds, standard.strategy, url);
    if (bug.memory) over.memory = await found('memory', bug.name, seeds, standard.strategy, url);
    rows.push([
      `\`${bug.name}\``,
      NAMES.find(({ name, scenario }) => name === bug.name && scenario === 'bookings')?.what ?? '',
      ...(['postgres', 'memory'] as const).map((target) => told(over[target])),
      await sizes(bug.name, over.postgres),
    ]);
  }
  return table(
    ['bug', 'what is wrong', 'on `postgres`', 'on `memory`', 'smallest reproduction'],
    rows,
    `Median operations until found over ${seeds.length} seeds (a seed that finds nothing counts as later than ` +
      `all others; \`n/${seeds.length}\`: seeds that found it) with the default faults, ${standard.operations} ` +
      `operations and strategy \`${standard.strategy}\`; operations left after \`simcity shrink\` on \`postgres\`, ` +
      `${shrunkSeeds === 1 ? 'of the first failing seed' : `median over ${shrunkSeeds} failing seeds`}. Written by \`node .ci/zoo.ts\` from real runs.`,
  );
}

function told(findings: readonly Finding[] | undefined): string {
  if (!findings) return '';
  const times = findings.filter(({ operations }) => operations !== null).length;
  const median = medianOf(findings);
  const count = times < findings.length ? ` (${times}/${findings.length})` : '';
  return `${Number.isFinite(median) ? median : `> ${standard.operations}`}${count}`;
}

async function sizes(bug: string, findings: readonly Finding[]): Promise<string> {
  const failing = findings.filter(({ operations }) => operations !== null).slice(0, shrunkSeeds);
  const all: number[] = [];
  for (const { seed } of failing) all.push(await shrunkSize('postgres', bug, seed, standard.strategy, url));
  all.sort((a, b) => a - b);
  const middle = all[Math.floor((all.length - 1) / 2)];
  return middle === undefined ? '' : String(middle);
}

function progress(what: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${what}\n`);
}
