import { expect, it } from 'vitest';
import { firstCrossed, parseThreshold } from '../../runner/checkers/thresholds.ts';

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
