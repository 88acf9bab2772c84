/** Histories of one slot whose verdict people can tell, as the checker must tell it. */
import { describe, expect, it } from 'vitest';
import type { SlotAnswer, SlotCall } from '../../runner/scenarios/bookings/slot-call.ts';
import {
  book,
  cancel,
  close,
  count,
  counts,
  ok,
  open,
  read,
  refused,
  type Step,
  shows,
  verdicts,
} from '../helpers/slot-history.ts';

const begin = (id: number, call: SlotCall): Step => ({ kind: 'invoke', id, call });
const end = (id: number, answer: SlotAnswer): Step => ({ kind: 'complete', id, answer });
const lost = (id: number): Step => ({ kind: 'unknown', id });
const expire = (id: number): Step => ({ kind: 'expire', id });
/** An operation by itself. */
const alone = (id: number, call: SlotCall, answer: SlotAnswer): Step[] => [begin(id, call), end(id, answer)];

const RIGHT: Record<string, { capacity: number; steps: Step[] }> = {
  'a booking, a view of it, and its cancellation': {
    capacity: 1,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      ...alone(2, read, shows(1, true, 'ana=b1')),
      ...alone(3, cancel('b1'), ok()),
      ...alone(4, read, shows(1, true)),
    ],
  },
  'the repeat of a booking gets the same id, also when the slot is full and closed': {
    capacity: 1,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      ...alone(2, close, ok()),
      ...alone(3, book('ana', 'k1'), ok('b1')),
    ],
  },
  'the repeat of a booking gets the same id after it was cancelled': {
    capacity: 1,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      ...alone(2, cancel('b1'), ok()),
      ...alone(3, book('ana', 'k1'), ok('b1')),
      ...alone(4, count, counts(1, true, 0)),
    ],
  },
  'a booking whose answer was lost takes effect late, after a refusal of its repeat': {
    capacity: 1,
    steps: [
      ...alone(1, book('bea', 'k0'), ok('b0')),
      begin(2, book('ana', 'k1')),
      lost(2),
      ...alone(3, book('ana', 'k1'), refused('full')),
      ...alone(4, cancel('b0'), ok()),
      ...alone(5, read, shows(1, true)),
      ...alone(6, read, shows(1, true, 'ana=b1')),
    ],
  },
  'a lost request may have been refused, and its repeat be given that answer again': {
    capacity: 1,
    steps: [
      ...alone(1, book('bea', 'k0'), ok('b0')),
      begin(2, book('ana', 'k1')),
      lost(2),
      ...alone(3, cancel('b0'), ok()),
      ...alone(4, book('ana', 'k1'), refused('full')),
      ...alone(5, read, shows(1, true)),
    ],
  },
  'a refused request may be given its first answer again, or be decided anew': {
    capacity: 1,
    steps: [
      ...alone(1, close, ok()),
      ...alone(2, book('ana', 'k1'), refused('closed')),
      ...alone(3, open, ok()),
      ...alone(4, book('ana', 'k1'), refused('closed')),
      ...alone(5, book('ana', 'k1'), ok('b1')),
    ],
  },
  'of several reasons of refusal any is right': {
    capacity: 1,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      ...alone(2, close, ok()),
      ...alone(3, book('ana', 'k2'), refused('full')),
      ...alone(4, book('ana', 'k3'), refused('closed')),
      ...alone(5, book('ana', 'k4'), refused('already-booked')),
    ],
  },
  'a refusal is explained by bookings that answer only later': {
    capacity: 2,
    steps: [
      begin(1, book('ana', 'k1')),
      begin(2, book('bea', 'k2')),
      begin(3, book('cem', 'k3')),
      begin(4, book('dov', 'k4')),
      end(4, refused('full')),
      end(3, ok('b3')),
      end(1, refused('full')),
      end(2, ok('b2')),
    ],
  },
  'a booking under way when the slot was closed happened before that': {
    capacity: 2,
    steps: [
      begin(1, book('ana', 'k1')),
      ...alone(2, close, ok()),
      ...alone(3, book('bea', 'k2'), refused('closed')),
      end(1, ok('b1')),
    ],
  },
  'a read may see the slot between two changes that overlap it': {
    capacity: 2,
    steps: [
      begin(1, read),
      ...alone(2, book('ana', 'k1'), ok('b1')),
      ...alone(3, book('bea', 'k2'), ok('b2')),
      end(1, shows(2, true, 'ana=b1')),
    ],
  },
  'a cancellation that expired without an answer either happened or did not': {
    capacity: 1,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      begin(2, cancel('b1')),
      expire(2),
      ...alone(3, count, counts(1, true, 0)),
    ],
  },
};

/** The last step of each is the first that no order explains. */
const WRONG: Record<string, { capacity: number; steps: Step[] }> = {
  'one seat is given to two citizens at once': {
    capacity: 1,
    steps: [begin(1, book('ana', 'k1')), begin(2, book('bea', 'k2')), end(1, ok('b1')), end(2, ok('b2'))],
  },
  'a citizen books twice in a slot': {
    capacity: 3,
    steps: [...alone(1, book('ana', 'k1'), ok('b1')), ...alone(2, book('ana', 'k2'), ok('b2'))],
  },
  'a repeat is given a booking of its own': {
    capacity: 3,
    steps: [...alone(1, book('ana', 'k1'), ok('b1')), ...alone(2, book('ana', 'k1'), ok('b2'))],
  },
  'an acknowledged booking is gone': {
    capacity: 1,
    steps: [...alone(1, book('ana', 'k1'), ok('b1')), ...alone(2, read, shows(1, true))],
  },
  'a read shows what was so before it began': {
    capacity: 2,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      ...alone(2, cancel('b1'), ok()),
      ...alone(3, read, shows(2, true, 'ana=b1')),
    ],
  },
  'a booking is cancelled twice': {
    capacity: 1,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      begin(2, cancel('b1')),
      begin(3, cancel('b1')),
      end(2, ok()),
      end(3, ok()),
    ],
  },
  'an id is given again while its key is remembered': {
    capacity: 1,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      ...alone(2, cancel('b1'), ok()),
      ...alone(3, book('bea', 'k2'), ok('b1')),
    ],
  },
  'a closed slot is booked': {
    capacity: 1,
    steps: [...alone(1, close, ok()), ...alone(2, book('ana', 'k1'), ok('b1'))],
  },
  'closing took a booking away': {
    capacity: 1,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      ...alone(2, close, ok()),
      ...alone(3, count, counts(1, false, 0)),
    ],
  },
  'a cancel frees two seats': {
    capacity: 2,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      ...alone(2, book('bea', 'k2'), ok('b2')),
      ...alone(3, cancel('b1'), ok()),
      ...alone(4, count, counts(2, true, 0)),
    ],
  },
  'a refusal for a slot that nobody can have filled': {
    capacity: 2,
    steps: [begin(1, book('ana', 'k1')), begin(2, book('bea', 'k2')), end(2, refused('full'))],
  },
  'an expired booking takes effect after all': {
    capacity: 1,
    steps: [
      begin(1, book('ana', 'k1')),
      expire(1),
      ...alone(2, read, shows(1, true)),
      ...alone(3, read, shows(1, true, 'ana=b1')),
    ],
  },
  'a lost cancellation happens twice': {
    capacity: 1,
    steps: [
      ...alone(1, book('ana', 'k1'), ok('b1')),
      begin(2, cancel('b1')),
      lost(2),
      ...alone(3, count, counts(1, true, 0)),
      ...alone(4, cancel('b1'), ok()),
    ],
  },
  'a read goes back behind another read': {
    capacity: 1,
    steps: [
      begin(1, book('ana', 'k1')),
      ...alone(2, read, shows(1, true, 'ana=b1')),
      ...alone(3, read, shows(1, true)),
    ],
  },
  'a booking that a refusal proves active is not found by a cancel, and has that id after all': {
    capacity: 2,
    steps: [
      begin(1, book('ana', 'k1')),
      begin(2, book('ana', 'k2')),
      begin(3, open),
      begin(4, open),
      end(2, refused('already-booked')),
      begin(5, cancel('b1')),
      end(3, ok()),
      end(5, refused('no-such-booking')),
      end(1, ok('b1')),
    ],
  },
  'a key of another citizen is answered with that citizen’s booking': {
    capacity: 2,
    steps: [...alone(1, book('ana', 'k1'), ok('b1')), ...alone(2, book('bea', 'k1'), ok('b1'))],
  },
};

describe('right histories', () => {
  for (const [name, { capacity, steps }] of Object.entries(RIGHT)) {
    it(name, () => expect(verdicts(capacity, steps)).toEqual(steps.map(() => true)));
  }
});

describe('wrong histories fail at their last answer', () => {
  for (const [name, { capacity, steps }] of Object.entries(WRONG)) {
    it(name, () => expect(verdicts(capacity, steps)).toEqual(steps.map((_, i) => i < steps.length - 1)));
  }
});
