/**
 * Measures how many operations campaigns need until they find each known bug, by strategy, and writes the
 * tables of runner/README.md from it:
 *
 *   DATABASE_URL=postgres://… node .ci/search.ts [--target memory|postgres] [--campaigns 100] [--only bug,scenario] [--print]
 *
 * Operations are counted, so that no load changes them. Without DATABASE_URL, PostgreSQL is started in a temporary folder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BUGS, type NamedBug, runConfigSchema, STRATEGIES } from '../server/contract/index.ts';
import { startTestPostgres } from '../test/helpers/postgres.ts';
import { logOperationsUntilFound } from './zoo/search.ts';
import { between, table } from './zoo/table.ts';

const README = 'runner/README.md';
const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'memory' },
    campaigns: { type: 'string', default: '100' },
    only: { type: 'string' },
    print: { type: 'boolean', default: false },
  },
});
const target = values.target === 'postgres' ? 'postgres' : 'memory';
const campaigns = Number(values.campaigns);
const only = values.only?.split(',');
/** A campaign that has found nothing by then counts as if it had found it then. */
const MOST_OPERATIONS = 5_000;
const { strategy: usual, operations } = runConfigSchema.parse({});
const NAMES: readonly string[] = STRATEGIES.map(({ name }) => name);

const cluster = target === 'memory' || process.env['DATABASE_URL'] ? null : await startTestPostgres();
const url = process.env['DATABASE_URL'] ?? (await cluster?.createDatabase({ migrated: false })) ?? null;
try {
  const text = await measured();
  if (values.print) process.stdout.write(text);
  else writeFileSync(README, between(readFileSync(README, 'utf8'), `search-${target}`, text));
} finally {
  await cluster?.close();
}

function isAsked({ scenario, name }: NamedBug): boolean {
  return only === undefined || only.includes(scenario) || only.includes(name);
}

async function measured(): Promise<string> {
  const all: number[][] = [];
  const rows: string[][] = [];
  for (const bug of BUGS) {
    if (!bug.targets.includes(target) || !isAsked(bug)) continue;
    const logs: number[] = [];
    for (const strategy of NAMES) {
      const options = { target, campaigns, mostOperations: MOST_OPERATIONS, url } as const;
      logs.push(await logOperationsUntilFound(bug, strategy, options));
    }
    all.push(logs);
    rows.push([`${bug.scenario}, \`${bug.name}\``, ...logs.map((log) => Math.exp(log).toFixed(0))]);
    const shown = logs.map((log) => Math.exp(log).toFixed(1)).join(' ');
    process.stderr.write(`${bug.scenario}, ${bug.name}: ${shown}\n`);
  }
  const means = NAMES.map((_, i) => Math.exp(mean(all.map((logs) => logs[i] as number))));
  const standard = means[NAMES.indexOf(usual)] as number;
  return table(
    ['bug', ...NAMES.map((name) => `\`${name}\``)],
    [
      ...rows,
      ['**geometric mean**', ...means.map((each) => `**${each.toFixed(0)}**`)],
      [`beside \`${usual}\``, ...means.map((each) => (each / standard).toFixed(2))],
    ],
    `Operations until a campaign finds the bug on \`${target}\`: geometric mean over ${campaigns} campaigns of ` +
      `${operations} operations a seed, by strategy. One that found nothing in ${MOST_OPERATIONS} operations ` +
      'counts as that. Written by `node .ci/search.ts` from real runs.',
  );
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
