/** What the shards of a campaign found together, as a table and as JSON. */
import {
  type FailureTally,
  failingOf,
  formatSignature,
  joined,
  rangesText,
  reproduceCommand,
  sizeOf,
} from '../../server/contract/index.ts';
import type { Merged } from '../campaign/shard/merge.ts';
import { formatNumber } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import type { Style } from './style.ts';
import { type Column, tableLines } from './table.ts';

export function mergedText(merged: Merged, style: Style): string {
  const { campaign, count, tally } = merged;
  const failing = failingOf(tally.failures);
  const through = sizeOf(tally.through);
  const total = sizeOf(campaign.seeds);
  const seeds =
    through === total ? formatNumber(total) : `${formatNumber(through)} of ${formatNumber(total)}`;
  const verdict = failing === 0 ? style.green('no failure') : style.red(`${formatNumber(failing)} failing`);
  const head = `${style.bold(`campaign of ${safeText(campaign.scenario)} on ${safeText(campaign.target)}`)}  ${seeds} seeds (${rangesText(campaign.seeds)}) in ${formatNumber(count)} shards, ${formatNumber(tally.operations)} operations: ${verdict}`;
  const reproductions = tally.failures.map(
    ({ seed }) => `  ${safeText(reproduceCommand({ ...campaign, seed }))}`,
  );
  return [
    head,
    ...leftLines(merged, style),
    ...(failing === 0
      ? []
      : ['', ...tableLines(COLUMNS, tally.failures), '', style.bold('Reproduce'), ...reproductions]),
  ].join('\n');
}

function leftLines({ missing, stopped, left }: Merged, style: Style): string[] {
  if (missing.length + stopped.length === 0) return [];
  const which = [
    ...(missing.length === 0 ? [] : [`missing: ${shardsText(missing)}`]),
    ...(stopped.length === 0 ? [] : [`stopped: ${shardsText(stopped)}`]),
  ].join('; ');
  return [
    style.yellow(
      `not whole: ${formatNumber(sizeOf(left))} seeds (${rangesText(left)}) were not executed; ${which}`,
    ),
  ];
}

function shardsText(numbers: readonly number[]): string {
  const ranges = rangesText(joined(numbers.map((number) => [number, number])));
  return numbers.length === 1 ? `shard ${ranges}` : `shards ${ranges}`;
}

const COLUMNS: Column<FailureTally>[] = [
  { title: 'FAILURE', value: ({ signature }) => safeText(formatSignature(signature)) },
  { title: 'SEEDS', value: ({ seeds }) => formatNumber(seeds), right: true },
  { title: 'FIRST', value: ({ firstSeed }) => String(firstSeed), right: true },
  { title: 'SEED', value: ({ seed }) => String(seed), right: true },
  { title: 'OPERATIONS', value: ({ operations }) => formatNumber(operations), right: true },
];

export function mergedJson({
  campaign,
  count,
  tally,
  missing,
  stopped,
  left,
}: Merged): Record<string, unknown> {
  const counts = {
    seedsThrough: sizeOf(tally.through),
    seedsTotal: sizeOf(campaign.seeds),
    seedsFailing: failingOf(tally.failures),
  };
  return { ...campaign, ...counts, ...tally, shards: { count, missing, stopped }, left };
}
