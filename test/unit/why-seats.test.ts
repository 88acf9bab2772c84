/** How many seats were taken through the story of why it broke. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { styleFor } from '../../cli/output/style.ts';
import { whyDrawn, whyText } from '../../cli/output/why.ts';
import { seatsOf, seatsThrough } from '../../cli/run/why-seats.ts';
import { type Why, whySchema } from '../../server/contract/index.ts';
import { recordedForensic } from '../helpers/recorded-failure.ts';

const WHY = whySchema.parse(
  JSON.parse(readFileSync(new URL('../fixtures/why.json', import.meta.url), 'utf8')),
);
const SEATS = { object: 'slot-007', capacity: 1 };

it('counts a booking from its commit on', () => {
  expect(seatsThrough(WHY, SEATS)).toEqual([
    { step: 18, taken: 1 },
    { step: 21, taken: 2 },
  ]);
  expect(seatsThrough(WHY, { ...SEATS, object: 'slot-001' })).toEqual([]);
});

it('counts by answers where there are no statements, and a cancellation from when it is asked for', () => {
  const lanes = WHY.lanes.map((lane, i) => (i === 1 ? { ...lane, operation: 'cancel' } : lane));
  const steps = WHY.steps.filter(({ kind }) => kind === 'request' || kind === 'answer');
  expect(seatsThrough({ lanes, steps }, SEATS).map(({ step, taken }) => `${step}: ${taken}`)).toEqual([
    '5: -1',
    '19: 0',
  ]);
});

it('stands above the lanes, what is over the capacity as what broke it', () => {
  const text = whyText(WHY, styleFor(false), 120, { seats: SEATS });
  expect(text.split('\n')[2]).toBe('     Taken of 1 seat of slot-007: 1 (18), 2 (21)');
  const line = whyDrawn(WHY, 120, { seats: SEATS })[2];
  expect(line?.pieces.filter(({ paint }) => paint === 'blamed').map(({ text: each }) => each)).toEqual([
    ' 2 (21)',
  ]);
  expect(whyText(WHY, styleFor(false), 120)).not.toContain('Taken');
});

it('is one number for what was taken before the first step that matters', () => {
  const quiet = WHY.steps.map((step) => ({ ...step, matters: step.step >= 22, mark: '' }));
  const why: Why = { ...WHY, steps: quiet };
  expect(whyText(why, styleFor(false), 120, { seats: SEATS })).toContain('slot-007: 2 before');
});

it('is of the object that broke, if that has seats', () => {
  const bundle = recordedForensic({ object: 's', city: [{ id: 's', capacity: 3 }] });
  expect(seatsOf(bundle)).toEqual({ object: 's', capacity: 3 });
  expect(seatsOf({ ...bundle, object: null })).toBeNull();
  expect(seatsOf({ ...bundle, city: null })).toBeNull();
});
