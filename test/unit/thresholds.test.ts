import { expect, it } from 'vitest';
import { firstCrossed, parseThreshold } from '../../runner/checkers/thresholds.ts';
import { crossedThreshold } from '../../runner/harness/failure.ts';

it.each([
  ['p95_latency_ms<50', 49, true],
  ['p95_latency_ms<50', 50, false],
  ['p95_latency_ms <= 50', 50, true],
  ['p95_latency_ms>=0.5', 0.4, false],
  ['p95_latency_ms==3', 3, true],
  ['p95_latency_ms!=3', 3, false],
])('%s at %d is kept: %s', (text, actual, kept) => {
  expect(firstCrossed([parseThreshold(text)], { p95_latency_ms: actual }) === null).toBe(kept);
});

it('says of an unknown metric that it is not there', () => {
  expect(firstCrossed([parseThreshold('speed<1')], { ok: 3 })).toMatchObject({ actual: null });
});

it.each(['', 'p95', 'p95<', 'P95<3', 'p95=3', 'p95<3ms'])('refuses %j and says what is right', (text) => {
  expect(() => parseThreshold(text)).toThrow(`"${text}" is not of the form`);
});

it('is told as a failure of the run: what it is, or which metrics there are', () => {
  const metrics = { ok: 3, refused: 1 };
  expect(crossedThreshold(['ok>2', 'refused<1', 'ok<1'], metrics, 7)).toEqual({
    kind: 'threshold',
    invariant: 'refused<1',
    message: 'The threshold refused<1 was crossed: refused is 1.',
    actual: 1,
    expected: 'refused<1',
    object: null,
    operation: null,
    eventIndex: 7,
  });
  expect(crossedThreshold(['speed<1'], metrics, 7)?.message).toBe(
    'There is no metric "speed" for the threshold speed<1. Known: ok, refused.',
  );
  expect(crossedThreshold(['ok>2'], metrics, 7)).toBeNull();
});
