/** The operations on an object as bars over time, with the clock and how many seats were taken above them. */
import { describe, expect, it } from 'vitest';
import { historyLines } from '../../cli/output/history-lines.ts';
import type { Pieces } from '../../cli/output/pieces.ts';
import { textWidth } from '../../cli/terminal/columns.ts';
import type { Forensic, Interval } from '../../server/contract/index.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';

function interval(operation: number, call: Record<string, unknown>, fromMs: number, toMs: number): Interval {
  const at = { invokedIndex: fromMs, completedIndex: toMs, invokedMs: fromMs, completedMs: toMs };
  return { operation, actor: 'ann', call, outcome: 'ok', answer: null, ...at };
}

const book = (operation: number, fromMs: number, toMs: number): Interval => ({
  ...interval(operation, { operation: 'book', slot: 's', key: `k-${operation}` }, fromMs, toMs),
  answer: { booking: `b-${operation}` },
});
const read = (operation: number) =>
  interval(operation, { operation: 'read', slot: 's' }, operation, operation + 1);

const overfull = (history: Interval[], accused: number, capacity = 1): Forensic =>
  recordedForensic({ history, object: 's', city: [{ id: 's', capacity }], operation: { op: accused } });

const HISTORY = [book(1, 0, 10), read(11), read(12), read(13), book(2, 80, 100)];

const textOf = (pieces: Pieces) => pieces.map(({ text }) => text).join('');
const painted = (pieces: Pieces | undefined, paint: string) =>
  (pieces ?? [])
    .filter((each) => each.paint === paint)
    .map(({ text }) => text)
    .join('');

describe('the history of an object', () => {
  it('is drawn over true time: what lasted ten times longer, or lies further apart, looks it', () => {
    const lines = historyLines(overfull(HISTORY, 2), null, 100).map(textOf);
    const [axis = '', , first = '', , second = ''] = lines;
    const start = axis.indexOf('00:00.000');
    const end = axis.lastIndexOf('00:00.100') + '00:00.100'.length;
    expect(axis).toContain('00:00.050');
    const length = end - start;
    expect((first.indexOf('┤') - first.indexOf('├')) / length).toBeCloseTo(0.1, 1);
    expect((second.indexOf('├') - start) / length).toBeCloseTo(0.8, 1);
  });

  it('tells the seats that are taken above the bars, those over the capacity as what broke it', () => {
    const [, occupancy] = historyLines(overfull(HISTORY, 2), null, 100);
    expect(textOf(occupancy ?? [])).toMatch(/^ {5}taken of 1 +0+1+2+ {2}2 of 1 seat$/);
    expect(painted(occupancy, 'blamed')).toMatch(/^2+ {2}2 of 1 seat$/);
    const calm = historyLines(overfull(HISTORY, 2, 2), null, 100)[1];
    expect([textOf(calm ?? []).endsWith('2 of 2 seats'), painted(calm, 'blamed')]).toEqual([true, '']);
  });

  it('has blocks instead of digits where there are many seats', () => {
    const many = Array.from({ length: 12 }, (_, i) => book(i, i, i + 1));
    const [, occupancy] = historyLines(overfull(many, 11, 10), null, 100);
    expect(textOf(occupancy ?? [])).toContain('█  12 of 10 seats');
    expect(painted(occupancy, 'blamed')).toContain('█');
  });

  it('folds what does not carry the failure, and says what unfolds it', () => {
    const told = (options: object) => historyLines(overfull(HISTORY, 2), null, 100, options).map(textOf);
    expect(told({ hint: 'e expands' })[3]).toBe('     3 reads folded, e expands');
    expect(told({})[3]).toBe('     3 reads folded');
    expect(told({ unfolded: true })).toHaveLength(2 + HISTORY.length);
  });

  it.each([60, 80, 120])('takes no more than %i columns', (width) => {
    const bundle = { ...overfull(HISTORY, 13), kind: 'linearizability' as const };
    const wide = historyLines(bundle, null, width).filter((pieces) => textWidth(textOf(pieces)) > width);
    expect(wide.map(textOf)).toEqual([]);
  });
});
