/** A baseline of known failures: which are new, which are known, and which are not seen any more. */
import { expect, it } from 'vitest';
import { baselineOf, baselineSchema, compareWith, type Known } from '../../cli/campaign/baseline.ts';
import type { Signature } from '../../server/contract/index.ts';

const signature = (operation: string): Signature => ({
  ...{ kind: 'linearizability', invariant: 'per-object-history', operation },
});
const textOf = (operation: string) => `linearizability/per-object-history/${operation}`;
const known = (operation: string, campaign: string): Known => ({
  ...{ signature: signature(operation), title: operation, reproduce: null },
  firstSeen: { at: '2026-11-01T00:00:00.000Z', campaign, seed: 7 },
});

it('tells new failures from known ones, and known ones that are gone', () => {
  const failures = ['book.ok', 'read.ok'].map((operation) => ({ signature: signature(operation) }));
  const compared = compareWith(['read.ok', 'list.ok'].map(textOf), failures);
  expect(compared).toEqual({ fresh: [failures[0]], known: [failures[1]], notSeen: [textOf('list.ok')] });
});

it('keeps when a failure was seen first, and stands in one order', () => {
  const merged = baselineOf([known('read.ok', 'old'), known('read.ok', 'new'), known('book.ok', 'new')]);
  expect(merged.known.map(({ title, firstSeen }) => [title, firstSeen.campaign])).toEqual([
    ['book.ok', 'new'],
    ['read.ok', 'old'],
  ]);
  expect(baselineOf(merged.known.toReversed())).toEqual(merged);
  expect(baselineSchema.parse(JSON.parse(JSON.stringify(merged)))).toEqual(merged);
});
