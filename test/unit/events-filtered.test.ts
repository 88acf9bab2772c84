/** What a filter finds of a history, part by part, and an operation put together from its events. */
import { describe, expect, it } from 'vitest';
import { beginFilter, MATCHES_KEPT, scansWanted, widened } from '../../cli/run/filtered.ts';
import { type Matcher, parseMatcher } from '../../cli/run/matcher.ts';
import { intervalWords, operationOf, otherHalf } from '../../cli/run/operation.ts';
import { eventOfStep } from '../../cli/run/smallest-events.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';
import { recordedEvent } from '../helpers/recorded-run.ts';

const NEWEST = 5_999;
const events = (from: number, limit: number) =>
  Array.from({ length: Math.min(limit, NEWEST - from + 1) }, (_, i) => recordedEvent(from + i));
const matcher = (text: string) => parseMatcher(text) as Matcher;

describe('a filter', () => {
  it('looks on both ways from where it began, until enough is found or all is looked through', () => {
    let filtered = beginFilter(matcher('type:fault'), 3_000, recordedEvent(3_000));
    const sides = () => ({
      before: filtered.found.filter(({ index }) => index < 3_000).length,
      after: filtered.found.filter(({ index }) => index > 3_000).length,
    });
    for (let i = 0; i < 20; i++) {
      for (const scan of scansWanted(filtered, sides(), 1_000, NEWEST)) {
        filtered = widened(filtered, scan, events(scan.from, scan.limit));
      }
    }
    const all = events(0, NEWEST + 1).filter(({ type }) => type === 'fault');
    expect(filtered.found.map(({ index }) => index)).toEqual(all.map(({ index }) => index));
    expect([filtered.low, filtered.high]).toEqual([0, NEWEST + 1]);
    expect(scansWanted(filtered, { before: 60, after: 60 }, 60, NEWEST)).toEqual([]);
  });

  it('keeps a bounded number of matches, and looks through again what it gave up', () => {
    let filtered = beginFilter(matcher('slot'), 0, undefined);
    for (let from = 0; from <= 4_000; from += 1_000) {
      filtered = widened(filtered, { way: 'down', from }, events(from, 1_000));
    }
    expect(filtered.found).toHaveLength(MATCHES_KEPT);
    expect(filtered.low).toBe(filtered.found[0]?.index);
    expect(scansWanted(filtered, { before: 0, after: 99 }, 60, NEWEST)).toEqual([
      { way: 'up', from: filtered.low - 1_000, limit: 1_000 },
    ]);
  });
});

describe('an operation', () => {
  it('is its request and its answer, with what overlapped it, and each half leads to the other', () => {
    const [invoke, completion] = [recordedEvent(119), recordedEvent(120)];
    const opened = operationOf(completion, [
      { ...recordedEvent(117), index: 118 },
      invoke,
      completion,
      { ...recordedEvent(118), index: 121 },
    ]);
    expect(opened?.own).toEqual({ op: 60, invoke, completion });
    expect(opened?.overlaps.map(({ op }) => op)).toEqual([59]);
    expect(intervalWords({ op: 60, invoke, completion })).toBe(
      '00:00.981 (event 119) to 00:00.990 (event 120), 8.25 ms',
    );
    expect(otherHalf(invoke)).toMatchObject({ step: 1, matcher: { text: 'op:60 type:book.' } });
    expect(otherHalf(completion)).toMatchObject({ step: -1, matcher: { text: 'op:60 type:book.invoke' } });
    expect(otherHalf(recordedEvent(0))).toBe(null);
  });
});

it('finds the step of a smallest reproduction where the same was asked in the run, and only there', () => {
  const bundle = recordedForensic();
  const step = { step: 1, virtualMs: 0, actor: 'citizen-010', answer: '' };
  const operation = 'book slot-003 citizen-010 k-450';
  const at = (what: string, changes = {}) => eventOfStep(bundle, { ...step, operation, what, ...changes });
  expect(at('asks')).toBe(895);
  expect(at('answered')).toBe(900);
  expect(at('breaks no-overbooking', { actor: 'city' })).toBe(900);
  expect(at('delay')).toBe(null);
  expect(at('asks', { actor: 'citizen-011' })).toBe(null);
  expect(at('asks', { operation: 'book slot-003 citizen-010 k-4' })).toBe(null);
  const twice = { ...bundle, history: [...bundle.history, ...bundle.history] };
  expect(eventOfStep(twice, { ...step, operation, what: 'asks' })).toBe(null);
});
