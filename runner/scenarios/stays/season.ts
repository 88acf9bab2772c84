/** The days that a run of `stays` is about: a few around one on which the clock is put forward or back. */

import { asIfUtc, changeDays, laterDay } from '../../../server/contract/zone.ts';
import type { Prng } from '../../public.ts';
import type { Span } from './calls.ts';

/** By an hour at night in spring and autumn; on Lord Howe by half an hour, and in the other half of the year. */
const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'] as const;
const YEAR = 2026;
const DAYS = 5;
/** Times of the wall clock are multiples of so many minutes. */
const STEP_MINUTES = 30;
/** This share of the ranges is in days; of the others this share is in the night of the change. */
const DAYS_SHARE = 0.25;
const NIGHT_SHARE = 0.5;
const LONGEST_STEPS = 5;
const MOST_NIGHTS = 2;

export interface Season {
  readonly zone: string;
  readonly firstDay: string;
  readonly changeDay: string;
}

export function drawSeason(prng: Prng): Season {
  const zone = prng.pick(ZONES);
  const changeDay = prng.pick(changeDays(zone, YEAR));
  return { zone, changeDay, firstDay: laterDay(changeDay, -(1 + prng.below(DAYS - 2))) };
}

/** What a citizen may ask for: one or two nights, or some half-hours of one day. */
export function drawSpan({ firstDay, changeDay }: Season, prng: Prng): Span {
  const day = laterDay(firstDay, prng.below(DAYS));
  const isNight = prng.chance(NIGHT_SHARE);
  const start = prng.below(isNight ? 8 : 40);
  const steps = 1 + prng.below(LONGEST_STEPS);
  const nights = 1 + prng.below(MOST_NIGHTS);
  if (prng.chance(DAYS_SHARE)) return { from: day, to: laterDay(day, nights) };
  const from = laterTime(`${isNight ? changeDay : day}T00:00`, start);
  return { from, to: laterTime(from, steps) };
}

/** The days in which that may be. */
export function wholeSeason({ firstDay }: Season): Span {
  return { from: firstDay, to: laterDay(firstDay, DAYS - 1 + MOST_NIGHTS) };
}

/** The same on a later day. */
export function laterSpan({ from, to }: Span, days: number): Span {
  return { from: onLaterDay(from, days), to: onLaterDay(to, days) };
}

/** Another end for it, so many steps away: half-hours of the wall clock, or days. */
export function otherEnd({ to }: Span, steps: number): string {
  return to.length === 10 ? laterDay(to, Math.sign(steps)) : laterTime(to, steps);
}

function onLaterDay(text: string, days: number): string {
  return laterDay(text.slice(0, 10), days) + text.slice(10);
}

function laterTime(text: string, steps: number): string {
  return new Date((asIfUtc(text) + steps * STEP_MINUTES) * 60_000).toISOString().slice(0, 16);
}
