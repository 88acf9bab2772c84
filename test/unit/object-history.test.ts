/** What of an object's history carries the failure, what is folded, and how full the object was. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { callWords, type HistoryRow, objectHistory } from '../../cli/run/object-history.ts';
import { type Forensic, type Interval, type Why, whySchema } from '../../server/contract/index.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';

const WHY = whySchema.parse(
  JSON.parse(readFileSync(new URL('../fixtures/why.json', import.meta.url), 'utf8')),
);

function interval(
  operation: number,
  call: Record<string, unknown>,
  changes: Partial<Interval> = {},
): Interval {
  const at = { invokedIndex: operation * 2, completedIndex: operation * 2 + 1 };
  const time = { invokedMs: operation, completedMs: operation + 0.5 };
  return { operation, actor: 'ann', call, outcome: 'ok', answer: null, ...at, ...time, ...changes };
}

const book = (operation: number, booking: string) =>
  interval(operation, { operation: 'book', slot: 's', key: `k-${operation}` }, { answer: { booking } });
const cancel = (operation: number, booking: string) => interval(operation, { operation: 'cancel', booking });
const read = (operation: number) => interval(operation, { operation: 'read', slot: 's' });

function told(history: Interval[], accused: number, capacity = 1) {
  return recordedForensic({
    history,
    object: 's',
    city: [{ id: 's', capacity }],
    operation: { op: accused },
  });
}

const short = (row: HistoryRow) => (row.row === 'fold' ? row.words : `${row.interval.operation} ${row.role}`);

describe("an object's history", () => {
  it('keeps all who hold a seat over the limit, and folds what was given back and what only read', () => {
    const bundle = told([book(1, 'a'), cancel(2, 'a'), book(3, 'b'), read(4), read(5), book(6, 'c')], 6);
    const { rows, occupancy } = objectHistory(bundle, null);
    expect(rows.map(short)).toEqual(['2 operations folded', '3 carries', '2 reads folded', '6 accused']);
    expect(occupancy).toEqual({
      capacity: 1,
      points: [1, 0, 1, 2].map((taken, i) => ({ taken, ms: [1.5, 2, 3.5, 6.5][i] })),
    });
    expect(objectHistory(bundle, null, { unfolded: true }).rows).toHaveLength(6);
  });

  it('links an answer that is blamed to those about the same booking, and to the write before it', () => {
    const history = [
      book(1, 'a'),
      read(2),
      read(3),
      read(4),
      cancel(5, 'a'),
      read(6),
      read(7),
      cancel(8, 'a'),
    ];
    expect(objectHistory(told(history, 8, 5), null).rows.map(short)).toEqual([
      '1 carries',
      '3 reads folded',
      '5 carries',
      '2 reads folded',
      '8 accused',
    ]);
    const stale = objectHistory(told([...history.slice(0, 7), read(9)], 9, 5), null);
    expect(stale.rows.map(short)).toEqual([
      '4 operations folded',
      '5 carries',
      '2 reads folded',
      '9 accused',
    ]);
  });

  it('counts nobody whose cancellation is asked for, so that what overlaps is not too many', () => {
    const late = { invokedIndex: 4, completedIndex: 20, completedMs: 20, outcome: 'unknown' } as const;
    const history = [book(1, 'a'), { ...cancel(2, 'a'), ...late }, book(3, 'b')];
    const { occupancy } = objectHistory(told(history, 3), null);
    expect(occupancy.points.map(({ taken }) => taken)).toEqual([1, 0, 1]);
  });

  it('names the blamed answer and the write that it contradicts by the event of the other', () => {
    const history = [book(1, 'a'), read(2), read(3), cancel(4, 'a'), read(5), read(6)];
    const links = (of: Forensic) =>
      objectHistory(of, null).rows.flatMap((row) =>
        row.row === 'interval' && row.link !== '' ? [`${row.interval.operation} ${row.link}`] : [],
      );
    const bundle = told(history, 6, 5);
    expect(links({ ...bundle, kind: 'linearizability' })).toEqual([
      '4 against event 13',
      '6 against event 9',
    ]);
    // Of an invariant the write before it may have nothing to do with it.
    expect(links(bundle)).toEqual([]);
    const twice = [book(1, 'a'), cancel(2, 'a'), book(3, 'b'), read(4), cancel(5, 'a')];
    expect(links(told(twice, 5, 5))).toEqual(['2 against event 11', '5 against event 5']);
  });

  it('names the lane of the same request, which its key tells, and not its number', () => {
    const { history } = told([book(1, 'a'), book(3, 'b')], 3);
    const lane = { ...WHY.lanes[0], actor: 'ann', operation: 'book', words: 'ann s k-1', op: 3 };
    const why = { ...WHY, lanes: [lane, ...WHY.lanes.slice(1)] } as Why;
    const named = objectHistory(told(history, 3, 5), why).rows.map((row) =>
      row.row === 'interval' ? `${row.interval.operation} ${row.lane}` : '',
    );
    expect(named).toEqual(['1 A (18)', '3 null']);
  });

  it('folds nothing when it is not known what carries the failure', () => {
    const bundle = told([book(1, 'a'), read(2), read(3), read(4), read(5)], 99, 5);
    expect(objectHistory(bundle, null).rows.every(({ row }) => row === 'interval')).toBe(true);
  });

  it('says a call in words, safely', () => {
    expect(callWords(interval(1, { key: 'k-1', slot: 's', citizen: 'ann', operation: 'book' }))).toBe(
      'book s k-1',
    );
    expect(callWords(interval(1, { operation: '\u001b[2J' }))).not.toContain('\u001b');
  });
});
