/** The summary of a campaign, as a table and as JSON. */
import { formatSignature } from '../../server/contract/index.ts';
import type { Checkpoint, Found } from '../campaign/checkpoint.ts';
import { rangesText, sizeOf } from '../campaign/ranges.ts';
import { formatNumber, formatSeconds } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import type { Style } from './style.ts';
import { type Column, tableLines } from './table.ts';

export function campaignText(checkpoint: Checkpoint, style: Style): string {
  const { name, found, operations, seconds } = checkpoint;
  const failing = found.reduce((sum, { seeds }) => sum + seeds, 0);
  const through = sizeOf(checkpoint.through);
  const total = sizeOf(checkpoint.seeds);
  const verdict = failing === 0 ? style.green('no failure') : style.red(`${formatNumber(failing)} failing`);
  const seeds =
    through === total ? formatNumber(total) : `${formatNumber(through)} of ${formatNumber(total)}`;
  const head = `${style.bold(`campaign ${safeText(name)}`)}  ${seeds} seeds (${rangesText(checkpoint.seeds)}), ${formatNumber(operations)} operations in ${formatSeconds(seconds)}: ${verdict}`;
  if (found.length === 0) return head;
  const reproductions = found.flatMap(({ smallest }) =>
    smallest ? [`  ${safeText(smallest.reproduce)}`] : [],
  );
  return [
    head,
    '',
    ...tableLines(COLUMNS, found),
    ...(reproductions.length === 0 ? [] : ['', style.bold('Reproduce'), ...reproductions]),
  ].join('\n');
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
  const { through, seeds, found, ...rest } = checkpoint;
  const failing = found.reduce((sum, each) => sum + each.seeds, 0);
  const counts = { seedsThrough: sizeOf(through), seedsTotal: sizeOf(seeds), seedsFailing: failing };
  return { ...rest, finished, ...counts, seeds, through, failures: found };
}
