/** The summary of a campaign, as a table and as JSON. */
import { formatSignature, rangesText, sizeOf } from '../../server/contract/index.ts';
import type { Checkpoint, Found } from '../campaign/checkpoint.ts';
import { formatNumber, formatSeconds } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import type { Style } from './style.ts';
import { type Column, tableLines } from './table.ts';
import { wireLines } from './why-lanes.ts';

/** Columns of the lanes. */
const LANES = 118;

export function campaignText(checkpoint: Checkpoint, style: Style): string {
  const { name, found, operations, seconds } = checkpoint;
  const failing = found.reduce((sum, { seeds }) => sum + seeds, 0);
  const through = sizeOf(checkpoint.through);
  const total = sizeOf(checkpoint.seeds);
  const verdict = failing === 0 ? style.green('no failure') : style.red(`${formatNumber(failing)} failing`);
  const seeds =
    through === total ? formatNumber(total) : `${formatNumber(through)} of ${formatNumber(total)}`;
  const head = `${style.bold(`campaign ${safeText(name)}`)}  ${seeds} seeds (${rangesText(checkpoint.seeds)}), ${formatNumber(operations)} operations in ${formatSeconds(seconds)}: ${verdict}`;
  const share = shareText(checkpoint);
  if (found.length === 0) return head;
  const reproductions = found.flatMap(({ smallest }) =>
    smallest ? [`  ${safeText(smallest.reproduce)}`] : [],
  );
  return [
    head,
    ...(share === null ? [] : [share]),
    '',
    ...tableLines(COLUMNS, found),
    ...inSql(found, style),
    ...(reproductions.length === 0 ? [] : ['', style.bold('Reproduce'), ...reproductions]),
  ].join('\n');
}

/** What the smallest reproduction of each sent to its database, of a service behind a gate. */
function inSql(found: readonly Found[], style: Style): string[] {
  return found.flatMap(({ signature, smallest }) => {
    if (!smallest || smallest.wire.length === 0) return [];
    const heading = `${safeText(formatSignature(signature))}, in SQL`;
    return ['', style.bold(heading), ...wireLines(smallest.wire, style, LANES).map((line) => `  ${line}`)];
  });
}

/** How many failing seeds were the same again behind a gate; null: none was executed again. */
export function shareText({ proved, identical }: Pick<Checkpoint, 'proved' | 'identical'>): string | null {
  if (proved === 0) return null;
  const many = proved === 1 ? 'failing seed' : 'failing seeds';
  return identical === proved
    ? `${formatNumber(identical)} of ${formatNumber(proved)} ${many} executed twice, identical`
    : `${formatNumber(identical)} of ${formatNumber(proved)} ${many} executed twice were identical; \`simcity replay RUN --verify\` shows where one parts`;
}

const COLUMNS: Column<Found>[] = [
  { title: 'FAILURE', value: ({ signature }) => safeText(formatSignature(signature)) },
  { title: 'SEEDS', value: ({ seeds }) => formatNumber(seeds), right: true },
  { title: 'FIRST', value: ({ firstSeed }) => String(firstSeed), right: true },
  { title: 'SHRUNK SEED', value: ({ seed }) => String(seed), right: true },
  {
    title: 'OPERATIONS',
    value: ({ operations, smallest }) =>
      smallest ? `${operations} → ${smallest.operations}` : `${operations}`,
    right: true,
  },
  { title: 'RUN', value: ({ run }) => run ?? '-' },
];

export function campaignJson(checkpoint: Checkpoint, finished: boolean): Record<string, unknown> {
  // What starts a service may hold passwords.
  const { through, seeds, found, exec: _, gate: __, course: ___, holder: ____, ...rest } = checkpoint;
  const failing = found.reduce((sum, each) => sum + each.seeds, 0);
  const counts = { seedsThrough: sizeOf(through), seedsTotal: sizeOf(seeds), seedsFailing: failing };
  return { ...rest, finished, ...counts, seeds, through, failures: found };
}
