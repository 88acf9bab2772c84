/** The culprit of a broken history, on histories of one slot that are made by hand. */
import { expect, it } from 'vitest';
import { findCulprit } from '../../runner/checkers/culprit.ts';
import { HistoryChecker } from '../../runner/checkers/history-checker.ts';
import { type LogEntry, ObjectLog } from '../../runner/checkers/linearizability/object-log.ts';
import type { SequentialModel } from '../../runner/checkers/model.ts';
import { bookingsModel } from '../../runner/scenarios/bookings/model.ts';
import { CONTRACT_RULES } from '../../server/contract/index.ts';

const SLOT = 'slot-001';
const model = bookingsModel(CONTRACT_RULES) as unknown as SequentialModel<unknown, unknown, unknown>;

/** A slot with so many seats, and what is done there. */
function slot(capacity: number) {
  const checker = new HistoryChecker(model, { slots: [{ id: SLOT, capacity, open: true }] });
  const calls = new Map<number, unknown>();
  const parts = (id: number) => [{ object: SLOT, call: calls.get(id) }];
  let ids = 0;
  return {
    checker,
    begin(call: Record<string, unknown>): number {
      calls.set(++ids, call);
      checker.invoke(ids, parts(ids));
      return ids;
    },
    end: (id: number, answer: Record<string, unknown>) =>
      checker.complete(
        id,
        parts(id),
        [answer],
        undefined,
        answer['outcome'] === 'refused' ? { about: id } : null,
      ),
    lost: (id: number) => checker.unknown(id, parts(id)),
  };
}

const book = (n: number) => ({ operation: 'book', citizen: `citizen-${n}`, key: `k-${n}` });
const READ = { operation: 'read' };
const FULL = { outcome: 'refused', reason: 'full' };
const given = (booking: string) => ({ outcome: 'ok', booking });
const shown = (capacity: number, ...bookings: { id: string; citizen: string }[]) => ({
  ...{ outcome: 'ok', open: true, capacity },
  bookings,
});

it('is the refusal that only a booking without an answer explains, when a read shows that there was none', () => {
  const { begin, end } = slot(1);
  begin(book(1));
  const refused = begin(book(2));
  expect(end(refused, FULL)).toBeNull();
  const violation = end(begin(READ), shown(1));
  expect(violation?.culprit).toMatchObject({ about: refused, allowed: ['ok with a new booking'] });
  expect(violation?.culprit?.unanswered).toEqual([book(1)]);
});

it('is the earliest of several such refusals', () => {
  const { begin, end, lost } = slot(1);
  lost(begin(book(1)));
  const first = begin(book(2));
  const second = begin(book(3));
  expect(end(first, FULL)).toBeNull();
  expect(end(second, FULL)).toBeNull();
  expect(end(begin(READ), shown(1))?.culprit?.about).toBe(first);
});

it('is not a refusal that an acknowledged booking explains: then the read is wrong', () => {
  const { begin, end } = slot(1);
  end(begin(book(1)), given('b-1'));
  begin(book(3));
  expect(end(begin(book(2)), FULL)).toBeNull();
  expect(end(begin(READ), shown(1))).toMatchObject({ culprit: null });
});

it('is not a refusal when leaving it out explains nothing: a read that shows what nobody asked for', () => {
  const { begin, end } = slot(1);
  begin(book(1));
  expect(end(begin(book(2)), FULL)).toBeNull();
  const stranger = { id: 'b-9', citizen: 'citizen-9' };
  expect(end(begin(READ), shown(1, stranger))).toMatchObject({ culprit: null });
});

it('is a refusal that nothing explains, itself', () => {
  const { begin, end } = slot(1);
  expect(end(begin(book(1)), FULL)).toMatchObject({ culprit: null, allowed: ['ok with a new booking'] });
});

it('is found in what came since the state was last known, however long that was', () => {
  const { begin, end } = slot(2);
  for (let n = 10; n < 2_000; n++) end(begin(READ), shown(2));
  begin(book(1));
  begin(book(2));
  const refused = begin(book(3));
  expect(end(refused, FULL)).toBeNull();
  expect(end(begin(READ), shown(2))?.culprit?.about).toBe(refused);
});

it('is not looked for where more has come since than is kept', () => {
  const log = new ObjectLog(model.initial(SLOT, { slots: [{ id: SLOT, capacity: 1, open: true }] }));
  const entries: LogEntry[] = [
    { kind: 'invoke', id: 1, call: book(1) },
    { kind: 'invoke', id: 2, call: book(2) },
    { kind: 'complete', id: 2, call: book(2), answer: FULL, refusal: { about: 2 } },
    { kind: 'invoke', id: 3, call: READ },
    { kind: 'complete', id: 3, call: READ, answer: shown(1), refusal: null },
  ];
  for (const entry of entries) log.add(entry);
  expect(findCulprit(model, SLOT, log)?.about).toBe(2);
  for (let n = 0; n < 400; n++) for (const entry of entries.slice(3)) log.add(entry);
  expect(log.entries).toHaveLength(805);
  for (let n = 0; n < 400; n++) for (const entry of entries.slice(3)) log.add(entry);
  expect(log.entries).toBeNull();
  expect(findCulprit(model, SLOT, log)).toBeNull();
  log.restart(log.base);
  for (const entry of entries) log.add(entry);
  expect(findCulprit(model, SLOT, log)?.about).toBe(2);
});
