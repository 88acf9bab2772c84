/** The summary of a campaign, as a table and as JSON. */
import {
  type Campaign,
  type Finding,
  formatSignature,
  type Run,
  rangesText,
  type Smallest,
  smallestSchema,
} from '../../server/contract/index.ts';
import { compareWith } from '../campaign/baseline.ts';
import { counted, formatNumber, formatSeconds } from '../run/format.ts';
import { runName } from '../run/run-name.ts';
import { safeText } from '../run/sanitize.ts';
import type { Style } from './style.ts';
import { type Column, tableLines } from './table.ts';
import { wireLines } from './why-lanes.ts';

/** Columns of the lanes. */
const LANES = 118;

/** `runs` hold the smallest reproductions of what is recorded. */
export function campaignText(campaign: Campaign, runs: readonly Run[], style: Style): string {
  const { name, findings, operations, seconds, seedsThrough, seedsTotal, seedsFailing } = campaign;
  const verdict =
    seedsFailing === 0 ? style.green('no failure') : style.red(`${formatNumber(seedsFailing)} failing`);
  const seeds =
    seedsThrough === seedsTotal
      ? formatNumber(seedsTotal)
      : `${formatNumber(seedsThrough)} of ${formatNumber(seedsTotal)}`;
  const many =
    campaign.budgetSeconds === null
      ? `${seeds} ${seedsTotal === 1 ? 'seed' : 'seeds'} (${rangesText(campaign.seeds)})`
      : counted(seedsThrough, 'seed', 'seeds');
  const head = `${style.bold(`campaign ${safeText(name)}`)}  ${many}, ${formatNumber(operations)} operations in ${formatSeconds(seconds)}: ${verdict}`;
  const share = shareText(campaign);
  if (findings.length === 0) return [head, ...baselineLines(campaign)].join('\n');
  const reproductions = findings.flatMap(({ reproduce }) =>
    reproduce === null ? [] : [`  ${safeText(reproduce)}`],
  );
  return [
    head,
    ...(share === null ? [] : [share]),
    ...baselineLines(campaign),
    '',
    ...tableLines(columnsOf(campaign.known), findings),
    ...inSql(findings, runs, style),
    ...(reproductions.length === 0 ? [] : ['', style.bold('Reproduce'), ...reproductions]),
  ].join('\n');
}

/** What the smallest reproduction of each sent to its database, of a service behind a gate. */
function inSql(findings: readonly Finding[], runs: readonly Run[], style: Style): string[] {
  return findings.flatMap((finding) => {
    const smallest = smallestIn(finding, runs);
    if (smallest === null || smallest.wire.length === 0) return [];
    const heading = `${safeText(formatSignature(finding.signature))}, in SQL`;
    return ['', style.bold(heading), ...wireLines(smallest.wire, style, LANES).map((line) => `  ${line}`)];
  });
}

/** The smallest reproduction that is stored with the run of a failure; null: there is none. */
export function smallestIn({ run }: Pick<Finding, 'run'>, runs: readonly Run[]): Smallest | null {
  const stored = runs.find(({ id }) => id === run?.id)?.failForensic?.smallest;
  return smallestSchema.safeParse(stored).data ?? null;
}

/** How many failing seeds were the same again behind a gate; null: none was executed again. */
export function shareText({ proved, identical }: Pick<Campaign, 'proved' | 'identical'>): string | null {
  if (proved === 0) return null;
  const many = proved === 1 ? 'failing seed' : 'failing seeds';
  return identical === proved
    ? `${formatNumber(identical)} of ${formatNumber(proved)} ${many} executed twice, identical`
    : `${formatNumber(identical)} of ${formatNumber(proved)} ${many} executed twice were identical; \`simcity replay RUN --verify\` shows where one parts`;
}

/** What is new, known, and not seen any more; nothing without a baseline. */
export function baselineLines({
  known,
  findings,
  state,
}: Pick<Campaign, 'known' | 'findings' | 'state'>): string[] {
  if (known.length === 0) return [];
  const { fresh, known: seen, notSeen } = compareWith(known, findings);
  const seeds = seen.reduce((sum, finding) => sum + finding.seeds, 0);
  return [
    `${counted(fresh.length, 'new failure', 'new failures')}; ${formatNumber(seen.length)} of ${formatNumber(known.length)} known, by ${counted(seeds, 'seed', 'seeds')}`,
    ...(state === 'done'
      ? notSeen.map((signature) => `known, and not seen any more: ${safeText(signature)}`)
      : []),
  ];
}

const columnsOf = (known: readonly string[]): Column<Finding>[] => [
  {
    title: 'FAILURE',
    value({ signature }) {
      const text = formatSignature(signature);
      return known.includes(text) ? `${safeText(text)} (known)` : safeText(text);
    },
  },
  { title: 'SEEDS', value: ({ seeds }) => formatNumber(seeds), right: true },
  { title: 'FIRST', value: ({ firstSeed }) => String(firstSeed), right: true },
  { title: 'SEED', value: ({ seed }) => String(seed), right: true },
  {
    title: 'OPERATIONS',
    value: ({ operations, smallest }) =>
      smallest === null ? `${operations}` : `${operations} → ${smallest}`,
    right: true,
  },
  { title: 'RUN', value: ({ run }) => (run === null ? '-' : runName(run)) },
];

export function campaignJson(campaign: Campaign, runs: readonly Run[]): Record<string, unknown> {
  const { notSeen } = compareWith(campaign.known, campaign.findings);
  const { findings, course: _, shardsToSee: __, version, ...rest } = campaign;
  const failures = findings.map((finding) => ({
    ...finding,
    known: campaign.known.includes(formatSignature(finding.signature)),
    run: finding.run?.id ?? null,
    smallest: smallestIn(finding, runs),
  }));
  return { ...rest, simcity: version, finished: campaign.state === 'done', failures, notSeen };
}
