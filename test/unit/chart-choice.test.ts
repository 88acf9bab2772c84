import { describe, expect, test } from 'vitest';
import { chartsOfStart, usualCharts } from '../../cli/run/chart-choice.ts';
import {
  EMPTY_TIMELINE,
  eventAtTime,
  extendTimeline,
  placeInSample,
  samplePoints,
  timeAt,
} from '../../cli/run/timeline.ts';

describe('what is charted', () => {
  test('is what the scenario asks for in its start event, at most five', () => {
    const charts = ['coins moved', 'b', 'c', 'd', 'e', 'f'].map((title) => ({
      title,
      metric: `${title}_total`,
    }));
    expect(chartsOfStart({ charts })?.map(({ title }) => title)).toEqual(['Coins moved', 'B', 'C', 'D', 'E']);
  });

  test('is nothing where what is asked for makes no sense, and titles cannot act on a terminal', () => {
    for (const charts of [undefined, null, 'x', [], [null, 7, { title: 'x' }]])
      expect(chartsOfStart({ charts })).toBeNull();
    const [chart] = chartsOfStart({ charts: [{ title: '\u001b[31mx', metric: 'x' }] }) ?? [];
    expect(chart?.title).toBe('␛[31mx');
  });

  test('is else what is special about the scenario, or the numbers that every run has', () => {
    expect(usualCharts({ bookings: 1, ok: 2 }).map(({ metric }) => metric)).toEqual([
      'bookings',
      'cancellations',
      'slots_available',
    ]);
    expect(usualCharts({ ok: 1, visitors: 2, p95_latency_ms: 3 })).toEqual([
      { title: 'visitors', metric: 'visitors' },
    ]);
    expect(usualCharts({ ok: 1 }).map(({ metric }) => metric)).toEqual(['operations', 'refused', 'faults']);
  });
});

describe('a chart of few snapshots', () => {
  const few = extendTimeline(
    EMPTY_TIMELINE,
    [0, 10, 100].map((index) => ({ index, virtualMs: index * index, metrics: { x: index } })),
  );

  test('is as wide as its place, with the same virtual time in each column', () => {
    expect(samplePoints(few, 11).map(({ index }) => index)).toEqual([
      0, 10, 10, 10, 10, 10, 10, 10, 10, 10, 100,
    ]);
    expect(samplePoints(few, 201).findIndex(({ index }) => index === 10)).toBe(2);
  });

  test('has its marks where their events are', () => {
    expect([-5, 0, 10, 55, 99, 100, 500].map((index) => placeInSample(few, index, 101))).toEqual([
      0, 0, 1, 51, 99, 100, 100,
    ]);
  });

  test('has an event at each time, and a time at each event, up to its ends', () => {
    const { points } = few;
    for (const index of [0, 3, 10, 55, 100]) expect(eventAtTime(points, timeAt(few, index))).toBe(index);
    expect([-5, 1e9].map((ms) => eventAtTime(points, ms))).toEqual([0, 100]);
    expect(eventAtTime([], 5)).toBe(0);
  });
});
