/**
 * Measures how soon the zoo's known bugs are found, and writes the tables of runner/README.md from it:
 *
 *   DATABASE_URL=postgres://… node .ci/zoo.ts [--seeds 20] [--shrunk 1] [--only bug,bug] [--print]
 *     [--part zoo|stays|tickets] [--target memory,postgres]
 *
 * `stays` and `tickets` take half an hour on postgres, and are measured only where they are asked for. Every number comes from runs
 * that are executed here with the default profile of faults. Without DATABASE_URL, PostgreSQL is started in a temporary folder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BUGS } from '../runner/scenarios/bookings/bugs/index.ts';
import { BUGS as NAMES, runConfigSchema } from '../server/contract/index.ts';
import { startTestPostgres } from '../test/helpers/postgres.ts';
import { madeOfFew, SMALL } from '../test/helpers/shrinking.ts';
import { type Finding, firstFound, found, medianOf, shrunkSize, type TargetName } from './zoo/measure.ts';
import { between, table } from './zoo/table.ts';

const README = 'runner/README.md';
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    only: { type: 'string' },
    shrunk: { type: 'string', default: '1' },
    print: { type: 'boolean', default: false },
    part: { type: 'string', default: 'zoo' },
    target: { type: 'string', default: 'memory,postgres' },
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const bugs = BUGS.filter(({ name }) => !values.only || values.only.split(',').includes(name));
/** Failing seeds of a bug that are shrunk; their median size is shown. */
const shrunkSeeds = Number(values.shrunk);
/** Where the first seed that finds a bug is looked for. */
const MOST_SEEDS = 100;
const standard = runConfigSchema.parse({});

const cluster = process.env['DATABASE_URL'] ? null : await startTestPostgres();
const url = process.env['DATABASE_URL'] ?? (await cluster?.createDatabase({ migrated: false })) ?? '';
try {
  const tables: [marker: string, text: string][] = [];
  for (const part of values.part.split(',')) tables.push(await measured(part));
  if (values.print) process.stdout.write(tables.map(([, text]) => text).join('\n'));
  else write(tables);
} finally {
  await cluster?.close();
}

async function measured(part: string): Promise<[marker: string, text: string]> {
  switch (part) {
    case 'zoo':
      return ['zoo', await measureZoo()];
    case 'stays':
    case 'tickets':
      return [`zoo-${part}`, await measureSmallest(part)];
    default:
      throw new Error(`There is no part "${part}": give zoo, stays or tickets.`);
  }
}

function write(tables: readonly [marker: string, text: string][]): void {
  const before = readFileSync(README, 'utf8');
  writeFileSync(
    README,
    tables.reduce((text, [marker, table]) => between(text, marker, table), before),
  );
}

async function measureZoo(): Promise<string> {
  const rows: string[][] = [];
  for (const bug of bugs) {
    progress(`zoo: ${bug.name}`);
    const over: Partial<Record<TargetName, Finding[]>> = {};
    over.postgres = await found('bookings', 'postgres', bug.name, seeds, standard.strategy, url);
    if (bug.memory) over.memory = await found('bookings', 'memory', bug.name, seeds, standard.strategy, url);
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

async function measureSmallest(scenario: 'stays' | 'tickets'): Promise<string> {
  const targets = (['memory', 'postgres'] as const).filter((one) => values.target.split(',').includes(one));
  const rows: string[][] = [];
  for (const { name, what } of NAMES.filter((bug) => bug.scenario === scenario)) {
    if (values.only && !values.only.split(',').includes(name)) continue;
    const cells: string[] = [];
    for (const target of targets) {
      progress(`${scenario}: ${name} on ${target}`);
      cells.push(...(await smallestOf(scenario, target, name)));
    }
    rows.push([`\`${name}\``, what, ...cells]);
  }
  return table(
    ['bug', 'what is wrong', ...targets.flatMap((target) => [`on \`${target}\``, 'smallest'])],
    rows,
    `The first seed that finds it with the default faults and strategy, and after how many operations; operations left after ` +
      `\`simcity shrink\` (executions for that), also of the next failing seeds where more than ${SMALL} are. Written by \`node .ci/zoo.ts --part ${scenario}\` from real runs.`,
  );
}

/** The first seed that fails; and what is left of it, and of the next ones where that is not small, as campaigns keep the smallest. */
async function smallestOf(
  scenario: string,
  target: TargetName,
  bug: string,
): Promise<[found: string, sizes: string]> {
  const findings: Finding[] = [];
  const all = await madeOfFew(
    async (from) => {
      const seeds = Array.from({ length: MOST_SEEDS - from + 1 }, (_, i) => from + i);
      const finding = await firstFound(scenario, target, bug, seeds, standard.strategy, url);
      if (finding) findings.push(finding);
      return finding?.seed ?? null;
    },
    (seed) => shrunkSize(scenario, target, bug, seed, standard.strategy, url),
    ({ operations }) => operations,
  );
  const [first] = findings;
  if (!first) return [`none of ${MOST_SEEDS}`, ''];
  const sizes = all.map(
    ({ operations, executions }, i) =>
      `${i === 0 ? '' : `seed ${findings[i]?.seed}: `}${operations} (${executions})`,
  );
  return [`seed ${first.seed}, after ${first.operations}`, sizes.join(', ')];
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
  for (const { seed } of failing) {
    const { operations } = await shrunkSize('bookings', 'postgres', bug, seed, standard.strategy, url);
    all.push(operations);
  }
  all.sort((a, b) => a - b);
  const middle = all[Math.floor((all.length - 1) / 2)];
  return middle === undefined ? '' : String(middle);
}

function progress(what: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${what}\n`);
}
