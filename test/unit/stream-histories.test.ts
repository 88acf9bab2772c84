/** What the judge of streams finds in histories of telemetry, reads and subscribers that are right, and wrong. */
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../server/contract/index.ts';
import { contentOf, StreamHistories } from '../chaos/support/composition/stream-histories.ts';
import { eventsFrom } from '../helpers/server.ts';

const RUN = 'a';
const ended = (index: number): RunEvent[] => eventsFrom(index, 1).map((event) => ({ ...event, type: 'end' }));

class Told {
  readonly histories = new StreamHistories();

  append(from: number, count: number, token = 'first', events = eventsFrom(from, count)) {
    return this.histories.begin(RUN, { kind: 'append', token, from, ...contentOf(events) });
  }

  stored(from: number, count: number, token?: string, next = from + count): void {
    this.append(from, count, token)({ kind: 'stored', next });
  }

  end(index: number): void {
    this.append(index, 1, 'first', ended(index))({ kind: 'stored', next: index + 1 });
  }

  read(from: number, events: readonly RunEvent[]): void {
    this.histories.begin(RUN, { kind: 'read', from })({ kind: 'page', ...contentOf(events) });
  }

  get problems(): readonly string[] {
    return this.histories.problems;
  }
}

describe('what is right', () => {
  it('is a batch that is sent again, to one server or the other', () => {
    const told = new Told();
    told.stored(0, 5);
    told.append(5, 5)(null);
    told.stored(5, 5);
    told.stored(0, 5, 'first', 10);
    told.read(0, eventsFrom(0, 10));
    told.end(10);
    told.read(5, [...eventsFrom(5, 5), ...ended(10)]);
    expect(told.problems).toEqual([]);
  });

  it('is a batch without an answer that is stored late, or never', () => {
    const told = new Told();
    told.stored(0, 5);
    told.append(5, 5)(null);
    told.read(0, eventsFrom(0, 5));
    told.read(0, eventsFrom(0, 10));
    told.append(10, 5)(null);
    told.read(0, eventsFrom(0, 10));
    expect(told.problems).toEqual([]);
  });

  it('is another attempt that repeats the prefix, and goes on where it ends', () => {
    const told = new Told();
    told.stored(0, 10);
    told.stored(0, 5, 'second');
    told.stored(5, 10, 'second');
    told.append(10, 5)({ kind: 'refused' });
    told.read(0, eventsFrom(0, 15));
    expect(told.problems).toEqual([]);
  });

  it('is an end that nobody sent', () => {
    const told = new Told();
    told.stored(0, 5);
    told.histories.see(RUN, 0, eventsFrom(0, 5));
    told.read(0, [...eventsFrom(0, 5), ...ended(5)]);
    told.histories.see(RUN, 5, ended(5));
    expect(told.problems).toEqual([]);
  });
});

describe('what is wrong', () => {
  it.each<[string, (told: Told) => void]>([
    ['an acknowledged batch that is not there', (told) => told.read(0, eventsFrom(0, 5))],
    ['an event that nobody sent', (told) => told.read(0, eventsFrom(0, 11))],
    ['other content than was sent', (told) => told.read(0, [...eventsFrom(0, 9), ...eventsFrom(10, 1)])],
    ['a subscriber that gets what is not stored', (told) => told.histories.see(RUN, 8, eventsFrom(8, 3))],
    ['a batch that leaves a gap', (told) => told.stored(11, 1)],
    ['an answer that asks for less', (told) => told.stored(0, 10, 'first', 5)],
    ['an answer that asks for more', (told) => told.stored(0, 10, 'first', 12)],
    [
      'a batch under a lease that is over',
      (told) => {
        told.stored(0, 10, 'second');
        told.stored(10, 1, 'first');
      },
    ],
    [
      'a batch after the end',
      (told) => {
        told.end(10);
        told.read(0, [...eventsFrom(0, 10), ...ended(10)]);
        told.stored(11, 1);
      },
    ],
    [
      'an end that is gone again',
      (told) => {
        told.end(10);
        told.read(0, eventsFrom(0, 10));
      },
    ],
  ])('is %s', (_, tell) => {
    const told = new Told();
    told.stored(0, 5);
    told.stored(5, 5);
    tell(told);
    expect(told.problems).toHaveLength(1);
  });
});
