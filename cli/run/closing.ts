/** What the end of a run says of what it did not test, and of what it tested how far: a PASS is as much as that. */
import type { JsonObject } from '../../server/contract/run.ts';
import { formatNumber } from './format.ts';
import { proofLines } from './proof.ts';
import { safeText } from './sanitize.ts';

/** Names told at most. */
const MOST_NAMES = 20;

/** `not tested: cancel, keys`; null when all was. */
export function notTestedText(closing: JsonObject | null): string | null {
  const names = namesIn(closing?.['notTested']);
  return names.length === 0 ? null : `not tested: ${names.join(', ')}`;
}

/** The same and all else that the end says of this, a line each, safe to print; empty when it says nothing. */
export function closingLines(closing: JsonObject | null): string[] {
  const notTested = notTestedText(closing);
  return [...(notTested === null ? [] : [notTested]), ...howFarLines(closing)];
}

/** What else the end says of this, a line each. */
export function howFarLines(closing: JsonObject | null): string[] {
  if (closing === null) return [];
  const unseen = namesIn(closing['neverAcknowledged']);
  return [
    ...(unseen.length === 0 ? [] : [`never acknowledged: ${unseen.join(', ')}`]),
    ...keysLine(closing['keysRepeated']),
    ...errorLines(closing['errorsWithoutCause']),
    ...proofLines(closing),
  ];
}

function namesIn(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  const names = value.filter((name) => typeof name === 'string').map(safeText);
  return names.length <= MOST_NAMES
    ? names
    : [...names.slice(0, MOST_NAMES), `${names.length - MOST_NAMES} more`];
}

function keysLine(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { oldestMs, oldestKeys } = value as Record<string, unknown>;
  if (typeof oldestMs !== 'number' || typeof oldestKeys !== 'number') return [];
  const age = oldestMs < 1_000 ? `${Math.round(oldestMs)} ms` : `${tenths(oldestMs / 1_000)} s`;
  return [`keys were repeated up to ${age} old and ${formatNumber(oldestKeys)} keys later`];
}

/** The share of first attempts that were answered with 5xx for no cause of ours, by operation; those without any are not told. */
function errorLines(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .map(([operation, told]) => [operation, (told as { share?: unknown } | null)?.share] as const)
    .filter(([, share]) => typeof share === 'number' && share > 0)
    .slice(0, MOST_NAMES)
    .map(([operation, share]) => `${safeText(operation)}: ${percent(share as number)} answered 5xx`);
}

function percent(share: number): string {
  return share < 0.001 ? 'less than 0.1 %' : `${tenths(share * 100)} %`;
}

function tenths(value: number): string {
  return String(Math.round(value * 10) / 10);
}
