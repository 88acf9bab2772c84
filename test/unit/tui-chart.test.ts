import { describe, expect, test } from 'vitest';
import { chart, chartLines } from '../../cli/tui/components/chart.ts';
import { partsThatFit } from '../../cli/tui/components/header.ts';
import { cutLine, span, textOf } from '../../cli/tui/paint/line.ts';

const draw = (values: number[], width = 20, height = 5) =>
  chartLines(values, width, height)?.map(({ label, line }) => label + line) ?? null;

describe('charts', () => {
  test('are as high as their place, whatever the values', () => {
    for (const values of [[0], [5, 5, 5], [0, 1], [1, 1_000_000], [-3, 4], [0.1, 0.2], [7, 3, 9, 1]]) {
      for (const height of [2, 3, 5, 9]) expect(draw(values, 20, height)).toHaveLength(height);
    }
  });

  test('never exceed their width', () => {
    const long = Array.from({ length: 200 }, (_, i) => i * 1_000);
    for (const width of [16, 24, 40]) {
      for (const line of draw(long, width) ?? []) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  test('three or four round numbers stand at the axis, whole ones for counts', () => {
    const ticks = (values: number[], height = 9) =>
      chartLines(values, 30, height)?.flatMap(({ label }) => label.trim() || []) ?? [];
    expect(ticks([0, 1, 2], 5)).toEqual(['2', '1', '0']);
    expect(ticks([0, 7])).toEqual(['10', '5', '0']);
    expect(ticks([1_204, 1_688])).toEqual(['1,800', '1,600', '1,400', '1,200']);
    expect(ticks([0.1, 0.25])).toEqual(['0.25', '0.2', '0.15', '0.1']);
    expect(ticks([-3, 4])).toEqual(['5', '0', '-5']);
    expect(ticks([8, 8, 8])).toHaveLength(2);
  });

  test('a row without a number has no tick on the axis', () => {
    expect(draw([0, 1, 2], 12, 5)?.map((line) => line.slice(0, 5))).toEqual([
      '  2 ┼',
      '    │',
      '  1 ┤',
      '    │',
      '  0 ┼',
    ]);
  });

  test('nothing to draw is told apart from a line at zero', () => {
    expect(draw([])).toBeNull();
    expect(draw([Number.NaN])).toBeNull();
    expect(draw([0, 0])).not.toBeNull();
  });
});

describe('a line that is too long', () => {
  test('ends with an ellipsis where something is cut off, and with none where that is blank', () => {
    const cut = (...texts: string[]) =>
      textOf(
        cutLine(
          texts.map((text) => span(text)),
          6,
        ),
      );
    expect(cut('abc', 'defgh')).toBe('abcde…');
    expect(cut('abc', '      ', '')).toBe('abc');
    expect(cut('abc', '    ', 'd')).toBe('abc  …');
    expect(cut('abcdef', '  ')).toBe('abcdef');
    expect(cut('          ')).toBe('');
  });
});

describe('a chart without values', () => {
  test('says why', () => {
    const empty = { values: [], style: 'line', width: 20, height: 4, color: 'cyan' } as const;
    expect(chart(empty).map(textOf)).toEqual(['no snapshot yet']);
    expect(chart({ ...empty, empty: 'loading' }).map(textOf)).toEqual(['loading']);
  });
});

describe('the header', () => {
  test('drops the least needed parts first and keeps the order', () => {
    const parts = [
      { text: 'SIMCITY', drop: 2 },
      { text: 'PASS', drop: 0 },
      { text: 'run 0198c2d4', drop: 9 },
    ];
    expect(partsThatFit(parts, 40).map(({ text }) => text)).toEqual(['SIMCITY', 'PASS', 'run 0198c2d4']);
    expect(partsThatFit(parts, 20).map(({ text }) => text)).toEqual(['SIMCITY', 'PASS']);
    expect(partsThatFit(parts, 6).map(({ text }) => text)).toEqual(['PASS']);
  });
});

describe('in braille', () => {
  const rows = (values: number[], width = 9, height = 3) =>
    chartLines(values, width, height, 'braille')?.map(({ label, line }) => label + line) ?? null;

  test('a column holds two values, filled from below; one at the lowest has a dot', () => {
    expect(rows([0, 0, 2, 2, 4, 4, 4, 0, 0, 0], 10)).toEqual(['  4 ┤  ⣿⡇', '  2 ┤ ⣶⣿⡇', '  0 ┤⣀⣿⣿⣇⣀']);
  });

  test('the axis is that of the line', () => {
    const values = [0, 3, 9, 4, 7, 7, 1, 0];
    for (const height of [2, 5, 9]) {
      const labels = (style: 'line' | 'braille') =>
        chartLines(values, 30, height, style)?.map(({ label }) => label);
      expect(labels('braille')).toEqual(labels('line'));
    }
  });

  test('never exceeds its place', () => {
    const long = Array.from({ length: 300 }, (_, i) => i * 1_000);
    for (const width of [16, 24, 40]) {
      const drawn = rows(long, width, 5) ?? [];
      expect(drawn).toHaveLength(5);
      for (const line of drawn) expect(line.length).toBeLessThanOrEqual(width);
    }
  });
});
