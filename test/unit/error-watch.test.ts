import { expect, it } from 'vitest';
import { ErrorWatch } from '../../runner/harness/error-watch.ts';
import type { Failure } from '../../runner/harness/failure.ts';
import { Prng } from '../../runner/sim/prng.ts';
import { ERRORS_WITHOUT_CAUSE, formatSignature, signatureOf } from '../../server/contract/index.ts';

type Request = string | number | null;

/** A watch, and how one attempt at it goes; events are numbered by attempt. */
function watched(errors = 0.2, anyFails = false) {
  const watch = new ErrorWatch({ errors }, anyFails);
  let event = 0;
  function attempt(
    operation: string,
    request: Request,
    first: boolean,
    outcome: 'ok' | 'refused' | 503 | 'ours',
  ) {
    const tried = watch.tried({ operation, request, first });
    event++;
    if (outcome === 'ok' || outcome === 'refused') {
      watch.answered(tried, outcome);
      return null;
    }
    return watch.failed(tried, {
      error: 'out of order',
      ...(outcome === 503 ? { status: 503 } : {}),
      explained: outcome === 'ours',
      operation: { id: event, actor: 'citizen-001', call: { operation }, invokedIndex: event, invokedMs: 0 },
      object: 'slot-001',
      eventIndex: event,
    });
  }
  return { watch, attempt };
}

/** The number of the attempt that fails the run, from 1; null: none of them. */
function failsAt(attempts: number, attempt: (n: number) => Failure | null): number | null {
  for (let n = 0; n < attempts; n++) if (attempt(n)) return n + 1;
  return null;
}

it('fails an operation with 20 % of at least 50 first attempts, and not before', () => {
  const { attempt } = watched();
  expect(failsAt(200, (n) => attempt('cancel', n, true, n % 5 === 4 ? 503 : 'ok'))).toBe(50);
  const never = watched();
  expect(failsAt(1_000, (n) => never.attempt('cancel', n, true, n % 6 === 5 ? 503 : 'ok'))).toBeNull();
});

it('takes the share from the rules, and none at all when all may fail', () => {
  const strict = watched(0.02);
  expect(failsAt(200, (n) => strict.attempt('book', n, true, n % 50 === 49 ? 503 : 'ok'))).toBe(50);
  const lenient = watched(1);
  expect(failsAt(200, () => lenient.attempt('book', null, true, 503))).toBeNull();
});

it('counts each attempt for its operation where requests have no repeats', () => {
  const { attempt } = watched();
  expect(failsAt(200, () => attempt('list', null, true, 503))).toBe(50);
});

it('fails one request that is answered so five times in a row, with an answer in between not', () => {
  const row = watched();
  const failure = [true, false, false, false, false]
    .map((first) => row.attempt('book', 'k-1', first, 503))
    .at(-1);
  expect(failure?.message).toBe(
    'One book was answered 503 5 times in a row, and nothing that the run did explains it. First at event 1, to citizen-001: out of order.',
  );
  expect(failure).toMatchObject({ kind: 'invariant', invariant: ERRORS_WITHOUT_CAUSE, eventIndex: 5 });
  const broken = watched();
  const outcomes = [503, 503, 503, 503, 'refused', 503, 503] as const;
  expect(failsAt(7, (n) => broken.attempt('book', 'k-1', n === 0, outcomes[n] ?? 'ok'))).toBeNull();
});

it('finds that repeats of acknowledged requests are answered so within ten of them', () => {
  const { attempt } = watched();
  let repeats = 0;
  const found = failsAt(100, (n) => {
    attempt('book', n, true, 'ok');
    repeats++;
    return attempt('book', n, false, 503);
  });
  expect(found).toBe(5);
  expect(repeats).toBeLessThanOrEqual(10);
});

it('says of such repeats that they are repeats, in the words and with the signature of their own', () => {
  const { attempt } = watched();
  let failure: Failure | null = null;
  for (let n = 0; !failure; n++) {
    attempt('book', n, true, 'ok');
    failure = attempt('book', n, false, 503);
  }
  expect(failure.message).toMatch(
    /^Repeats of an acknowledged request are answered 503: 5 of 5 repeats of book, /,
  );
  const { operation } = failure;
  const forensic = { ...failure, operation: { op: 1, ...operation?.call } };
  expect(formatSignature(signatureOf(forensic))).toBe('invariant/errors-without-cause/book.failed');
});

it('never counts what we explain', () => {
  const { watch, attempt } = watched();
  expect(failsAt(500, () => attempt('book', 'k-1', true, 'ours'))).toBeNull();
  expect(watch.shares).toEqual({});
});

it('passes a service that answers a few of a hundred with 503, whatever the request', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const prng = new Prng(seed, 'world');
    const { watch, attempt } = watched();
    const outcome = () => (prng.chance(0.03) ? 503 : 'ok');
    for (let n = 0; n < 2_000; n++) {
      const operation = prng.pick(['book', 'cancel', 'read']);
      let failure = attempt(operation, n, true, outcome());
      if (prng.chance(0.2)) failure ??= attempt(operation, n, false, outcome());
      if (failure) expect.fail(`seed ${seed}: ${failure.message}`);
    }
    expect(watch.shares['book']?.share).toBeLessThan(0.07);
  }
});

it('fails at the first one in a part of a run that has failed so', () => {
  const { attempt } = watched(0.2, true);
  expect(attempt('cancel', 1, true, 'ours')).toBeNull();
  expect(attempt('cancel', 1, false, 503)).toMatchObject({ invariant: ERRORS_WITHOUT_CAUSE });
});

it('tells which operations were tried often enough and never acknowledged', () => {
  const { watch, attempt } = watched();
  for (let n = 0; n < 20; n++) {
    attempt('cancel', n, true, n % 2 === 0 ? 'refused' : 'ours');
    if (n > 0) attempt('open', n, true, 'refused');
    attempt('book', n, true, n === 7 ? 'ok' : 'refused');
  }
  expect(watch.neverAcknowledged).toEqual(['cancel']);
  expect(watch.acknowledged('book')).toBe(1);
});
