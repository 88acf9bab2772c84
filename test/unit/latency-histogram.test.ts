import { expect, it } from 'vitest';
import { LatencyHistogram } from '../../server/contract/latency-histogram.ts';
import { Prng } from '../../runner/sim/prng.ts';

it('gives percentiles within 7 % of the exact ones', () => {
  const prng = new Prng(5, 'latency');
  const histogram = new LatencyHistogram();
  const exact: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const ms = prng.between(0.01, 1) ** 3 * 500;
    exact.push(ms);
    histogram.add(ms);
  }
  exact.sort((a, b) => a - b);
  const fractions = [0.5, 0.95, 0.99];
  for (const [i, found] of histogram.percentiles(fractions).entries()) {
    const wanted = exact[Math.ceil((fractions[i] as number) * exact.length) - 1] as number;
    expect(Math.abs(found - wanted) / wanted).toBeLessThan(0.07);
  }
});

it('is zero when empty, and takes the smallest and the largest', () => {
  const histogram = new LatencyHistogram();
  expect(histogram.percentiles([0.5])).toEqual([0]);
  histogram.add(0);
  histogram.add(1e12);
  expect(histogram.percentiles([1])[0]).toBeGreaterThan(1e6);
});
