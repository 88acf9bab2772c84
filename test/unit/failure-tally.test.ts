import { expect, it } from 'vitest';
import { FailureTally } from '../../runner/harness/failure-tally.ts';
import { formatSignature, type Signature, signatureOf } from '../../server/contract/index.ts';

const OVERBOOKED: Signature = { kind: 'invariant', invariant: 'no-overbooking', operation: null };
const SILENT: Signature = { kind: 'liveness', invariant: 'every-request-is-answered', operation: null };
const wrong = (actual: unknown, operation: string): Signature =>
  signatureOf({
    kind: 'linearizability',
    invariant: 'per-object-history',
    operation: { op: 7, operation },
    actual,
  });

it('counts only what failed the same way, and names the other ways', () => {
  const tally = new FailureTally(OVERBOOKED);
  const failed = [OVERBOOKED, SILENT, null, { ...OVERBOOKED }, SILENT, wrong({ reason: 'full' }, 'book')];
  expect(failed.map((each) => tally.count(each))).toEqual([
    ...['same', 'otherwise', 'no', 'same', 'otherwise', 'otherwise'],
  ]);
  expect(tally).toMatchObject({ executions: 6, same: 2 });
  expect(tally.otherwiseText).toBe(
    '; it fails otherwise: liveness/every-request-is-answered 2 times, linearizability/per-object-history/book.refused once',
  );
});

it('says nothing of other ways when there are none', () => {
  const tally = new FailureTally(SILENT);
  tally.count(null);
  tally.count(SILENT);
  expect(tally.otherwise).toBeUndefined();
  expect(tally.otherwiseText).toBe('');
});

it('tells wrong answers apart by what was answered to which call', () => {
  const ways = [
    wrong({ booking: 'b-1' }, 'book'),
    wrong({ reason: 'full' }, 'book'),
    wrong('no answer', 'cancel'),
  ];
  expect(ways.map(formatSignature)).toEqual([
    'linearizability/per-object-history/book.ok',
    'linearizability/per-object-history/book.refused',
    'linearizability/per-object-history/cancel.unknown',
  ]);
});
