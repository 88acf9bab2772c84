/** What rules make of the city of `bookings`, and how answers that tell less, or more, are taken. */
import { describe, expect, it } from 'vitest';
import { ANY_TIME } from '../../runner/checkers/model.ts';
import type { BookingCall } from '../../runner/scenarios/bookings/calls.ts';
import { BookingsWorkload } from '../../runner/scenarios/bookings/workload.ts';
import type { Operation } from '../../runner/scenarios/scenario.ts';
import type { Reply } from '../../runner/service/call.ts';
import {
  CONTRACT_RULES,
  type DeclaredRules,
  runConfigSchema,
  type ServiceRules,
  withDeclared,
} from '../../server/contract/index.ts';

const config = runConfigSchema.parse({ slots: 40, citizens: 20 });
const begin = (declared: DeclaredRules) =>
  new BookingsWorkload(3, config, withDeclared(CONTRACT_RULES, declared));

describe('the world', () => {
  it('is the same by the rules of the contract as without rules', () => {
    expect(begin({}).world).toEqual(new BookingsWorkload(3, config).world);
  });

  it('draws capacities from the whole range', () => {
    const seats = begin({ capacity: [7, 9] }).world.slots.map(({ capacity }) => capacity);
    expect(new Set(seats)).toEqual(new Set([7, 8, 9]));
  });

  it('has citizens enough to fill a slot where each may have one seat', () => {
    expect(begin({ capacity: [1, 2_000] }).world.citizens).toBe(2_005);
    expect(begin({ capacity: [1, 2_000], onePerCitizen: false }).world.citizens).toBe(20);
  });

  it('says what to declare where a cancel would not say which booking it means', () => {
    const ambiguous: DeclaredRules = { cancelsBy: 'citizen', onePerCitizen: false };
    expect(() => begin(ambiguous)).toThrow('needs onePerCitizen=yes or capacity=1');
    expect(() => begin({ ...ambiguous, capacity: 1 })).not.toThrow();
  });
});

describe('rules that are learned after the workload began', () => {
  it('hold for what is judged from then on', () => {
    const rules: ServiceRules = withDeclared(CONTRACT_RULES, {});
    const workload = new BookingsWorkload(3, config, rules);
    const slot = { slots: [{ id: 'slot-001', capacity: 2, open: true }] };
    const { model } = workload;
    const state = model.initial('slot-001', slot);
    const cancelAgain = () =>
      model.apply(state, { operation: 'cancel', booking: 'b1' }, { outcome: 'ok' }, ANY_TIME);
    expect(cancelAgain()).toBeNull();
    rules.secondCancel = 'ok';
    expect(cancelAgain()).toBe(state);
    const book: BookingCall = { operation: 'book', slot: 'slot-001', citizen: 'citizen-001', key: 'k' };
    expect(workload.repeats(book)).toBe(true);
    rules.keys = false;
    expect(workload.repeats(book)).toBe(false);
  });
});

describe('answers', () => {
  const list: BookingCall = { operation: 'list' };
  const answersTo = (workload: BookingsWorkload, slots: Record<string, unknown>[]) => {
    const reply = { outcome: 'ok', value: { slots } } as unknown as Reply;
    return workload.answers(list, workload.parts(list), reply);
  };

  it('leave slots of others out, and miss those of the world that are not listed', () => {
    const workload = begin({});
    const answers = answersTo(workload, [
      { id: 'of-others', bookings: 900 },
      { id: 'slot-002', bookings: 1 },
    ]);
    expect(answers).toHaveLength(40);
    expect(answers.slice(0, 2)).toEqual([
      { outcome: 'ok', missing: true },
      { outcome: 'ok', bookings: 1 },
    ]);
  });

  it('say of a booking what all rows of a view say', () => {
    const read: BookingCall = { operation: 'read', slot: 'slot-001' };
    const shown = (declared: DeclaredRules, bookings: unknown) => {
      const workload = begin(declared);
      const reply = { outcome: 'ok', value: { id: 'slot-001', bookings } } as unknown as Reply;
      return workload.answers(read, workload.parts(read), reply)[0];
    };
    const both = [{ id: 'b1', citizen: 'ana' }];
    expect(shown({}, both)).toEqual({ outcome: 'ok', bookings: both });
    expect(shown({ cancelsBy: 'citizen' }, both)).toEqual({ outcome: 'ok', bookings: [{ citizen: 'ana' }] });
    expect(shown({}, [...both, { id: 'b2' }])).toEqual({
      outcome: 'ok',
      bookings: [{ id: 'b1' }, { id: 'b2' }],
    });
    expect(shown({}, [...both, {}])).toEqual({ outcome: 'ok', bookings: 2 });
    expect(shown({}, 3)).toEqual({ outcome: 'ok', bookings: 3 });
  });
});

describe('reads that may lag', () => {
  const read: BookingCall = { operation: 'read', slot: 'slot-001' };
  const list: BookingCall = { operation: 'list' };

  it('are not for the history, until the city is at rest', () => {
    const workload = begin({ reads: { list: { staleMs: 2_000 } } });
    expect(workload.parts(read)).toHaveLength(1);
    expect(workload.parts(list)).toEqual([]);
    workload.readsMayLag(false);
    expect(workload.parts(list)).toHaveLength(40);
  });

  /** A booking is acknowledged at 10 ms; then the slot is read at `askedMs` and shows none. */
  const emptyAt = (askedMs: number) => {
    const workload = begin({ reads: { read: { staleMs: 500 } }, keys: false });
    const book: BookingCall = { operation: 'book', slot: 'slot-001', citizen: 'ana', key: 'k' };
    const about = (id: number, call: BookingCall, invokedMs: number): Operation<BookingCall> => ({
      id,
      actor: 'ana',
      call,
      invokedIndex: id * 2,
      invokedMs,
    });
    workload.invoked(about(0, book, 5));
    workload.completed(about(0, book, 5), { outcome: 'ok', value: { booking: 'b1' } }, 1, 10);
    workload.invoked(about(1, read, askedMs));
    const empty: Reply = { outcome: 'ok', value: { id: 'slot-001', bookings: [] } };
    return workload.completed(about(1, read, askedMs), empty, 3, askedMs + 1);
  };

  it('may show what was until as long before as is promised, and no longer', () => {
    expect(emptyAt(510)).toBeNull();
    expect(emptyAt(511)?.invariant).toBe('reads-lag-no-longer-than-promised');
    expect(emptyAt(511)?.message).toContain('Booking b1 of ana was acknowledged more than 500 ms before');
  });
});

describe('bookings without ids', () => {
  const read: BookingCall = { operation: 'read', slot: 'slot-001' };
  const book: BookingCall = { operation: 'book', slot: 'slot-001', citizen: 'ana', key: 'k' };
  const operationOf = (call: BookingCall, index: number): Operation<BookingCall> => ({
    ...{ id: index, actor: 'ana', call, invokedIndex: index, invokedMs: index },
  });
  /** What is said of a read after an acknowledged booking. */
  const saidOf = (bookings: unknown) => {
    const rules: ServiceRules = { ...CONTRACT_RULES, keys: false, cancelsBy: 'nobody' };
    const workload = new BookingsWorkload(3, config, rules);
    const judged = (call: BookingCall, value: unknown, index: number) =>
      workload.completed(
        operationOf(call, index),
        { outcome: 'ok', value } as unknown as Reply,
        index,
        index,
      );
    workload.invoked(operationOf(book, 1));
    expect(judged(book, {}, 2)).toBeNull();
    return judged(read, { id: 'slot-001', bookings }, 5)?.message;
  };

  it('are told by their citizens, or by their number, which is all that is known', () => {
    expect(saidOf([{ citizen: 'ana' }])).toBeUndefined();
    expect(saidOf([])).toBe(
      'The booking of ana was acknowledged and never cancelled, but slot-001 does not show it.',
    );
    expect(saidOf(1)).toBeUndefined();
    expect(saidOf(0)).toBe(
      'slot-001 shows 0 active bookings, but 1 were acknowledged before it was asked and never cancelled.',
    );
  });
});
