/**
 * Measures what explanations say of the known faults and what they cost, and writes the table of runner/README.md from it:
 *
 *   DATABASE_URL=postgres://… node .ci/why.ts [--scenario NAME] [--only name,name] [--print] [--keep FOLDER] [--seconds N]
 *
 * Every line comes from a failing seed that is found, shrunk and explained here. Without DATABASE_URL, PostgreSQL is started
 * in a temporary folder. With --keep, reproductions and what was said of them are kept in a folder and not made again: so it can
 * be broken off, done in parts, and done again for those whose `NAME.why.json` is removed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Cure } from '../server/contract/index.ts';
import { startTestPostgres } from '../test/helpers/postgres.ts';
import { EXPECTED } from '../test/why/expected.ts';
import type { ExpectedWhy } from '../test/why/expected-why.ts';
import { judged, type Measured, measured, nameOf, reproduced } from '../test/why/measure.ts';
import { between, table } from './zoo/table.ts';

const README = 'runner/README.md';
/** The tables, and the scenarios whose faults each has. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  why: ['bookings', 'transfers'],
  'why-stays': ['stays'],
  'why-tickets': ['tickets'],
};
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    scenario: { type: 'string' },
    print: { type: 'boolean', default: false },
    keep: { type: 'string' },
    seconds: { type: 'string', default: '120' },
  },
});
/** For making each small, and for explaining it. */
const seconds = Number(values.seconds);
const chosen = EXPECTED.filter(
  (expected) =>
    (!values.only || values.only.split(',').includes(nameOf(expected))) &&
    (!values.scenario || expected.scenario === values.scenario),
);

const cluster = process.env['DATABASE_URL'] ? null : await startTestPostgres();
const url = process.env['DATABASE_URL'] ?? (await cluster?.createDatabase({ migrated: false })) ?? '';
try {
  const results: Measured[] = [];
  for (const expected of chosen) {
    process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${nameOf(expected)}\n`);
    const result = await kept(expected, 'why', () => measuredOf(expected));
    // As it is expected by now.
    results.push(result.why ? judged(expected, result.seed, result.why) : { ...result, expected });
  }
  for (const [name, scenarios] of Object.entries(TABLES)) {
    const own = results.filter(({ expected }) => scenarios.includes(expected.scenario));
    if (own.length === 0) continue;
    const text = tableOf(own);
    if (values.print) process.stdout.write(text);
    else writeFileSync(README, between(readFileSync(README, 'utf8'), name, text));
  }
} finally {
  await cluster?.close();
}

async function measuredOf(expected: ExpectedWhy): Promise<Measured> {
  const found = await kept(expected, 'seed', () => reproduced(expected, url, seconds));
  return await measured(expected, url, found, seconds);
}

/** What is in the folder of --keep, else what is made now. */
async function kept<Made>(
  expected: ExpectedWhy,
  what: 'seed' | 'why',
  make: () => Promise<Made>,
): Promise<Made> {
  if (!values.keep) return await make();
  const file = join(values.keep, `${nameOf(expected).replaceAll(/\W+/g, '_')}.${what}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Made;
  const made = await make();
  mkdirSync(values.keep, { recursive: true });
  writeFileSync(file, JSON.stringify(made));
  return made;
}

function tableOf(results: readonly Measured[]): string {
  const count = (verdict: Measured['verdict']) =>
    results.filter((result) => result.verdict === verdict).length;
  return table(
    ['fault', 'what the explanation says', 'statements', 'what makes it pass', 'executions', 'seconds'],
    results.map(rowOf),
    `Of ${results.length} known faults ${count('right')} are explained as reading the service does, ${count('wrong')} otherwise, ` +
      `${count('unknown')} not at all: each from its first failing seed on \`postgres\` that comes down to six operations, of three, without what shrinking took, in at most ${seconds} s. ` +
      'Written by `node .ci/why.ts` from real runs; ' +
      '`SIMCITY_WHY=all npm run test:why` holds them all against what is expected.',
  );
}

function rowOf({ expected, why, reason, read, write, verdict }: Measured): string[] {
  const says = why ? `${why.kind}${why.name ? ` (${why.name})` : ''}` : reason;
  const statements = [...new Set([read, write])].flatMap((text) => (text ? [`\`${cell(text)}\``] : []));
  return [
    `\`${nameOf(expected)}\``,
    verdict === 'wrong' ? `${says}, expected ${expected.kinds[0]}` : cell(says),
    statements.join(' → '),
    (why?.cures ?? [])
      .filter(({ passes }) => passes > 0)
      .map(cureText)
      .join('; '),
    String(why?.executions ?? ''),
    why ? why.seconds.toFixed(1) : '',
  ];
}

function cureText({ what, passes, of, retries }: Cure): string {
  return `${cell(what)}: ${passes} of ${of}${retries ? `, ${retries} ${retries === 1 ? 'retry' : 'retries'}` : ''}`;
}

function cell(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return short.replaceAll('|', '\\|').replace(/[`\s]+/g, ' ');
}
