/** What is said of calendars: days, changes of their clocks, and bars. */
import { offsetAt, rangeText, wallClockAt } from '../../server/contract/wall-clock.ts';
import type { Range } from '../../server/contract/zone.ts';
import type { Bar, ClockChange, Day } from './calendar-rows.ts';
import { safeText } from './sanitize.ts';

const DAY_MINUTES = 1_440;

/** How long the day is, where that is not 24 hours: `25 h`, `23.5 h`. */
export function dayLength({ from, to }: Range): string | null {
  return to - from === DAY_MINUTES ? null : `${(to - from) / 60} h`;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Sun 25`. */
export function dayName({ day }: Pick<Day, 'day'>): string {
  return `${WEEKDAYS[new Date(`${day}T00:00Z`).getUTCDay()]} ${day.slice(8)}`;
}

/** `the clock goes back 1 h at 03:00`, by what it showed until then. */
export function changeWords(zone: string, { at, by }: ClockChange): string {
  const shown = at + offsetAt(zone, at - 1);
  const time = wallClockAt('UTC', shown).slice(11);
  return `the clock goes ${by < 0 ? 'back' : 'forward'} ${Math.abs(by) / 60} h at ${time}`;
}

/** A citizen's name as short as it is told in bars. */
export function barName({ id, citizen }: Pick<Bar, 'id' | 'citizen'>): string {
  const who = citizen.replace(/^citizen-/, '');
  return who === '' ? id : `${id} ${who}`;
}

/** A bar's sign, so that nothing is said by colour alone: `✖ ` collides, `? ` is in doubt; '' for others. */
export function barSign({ collides, uncertain }: Pick<Bar, 'collides' | 'uncertain'>): string {
  return collides ? '✖ ' : uncertain ? '? ' : '';
}

/** `b7 of citizen-3: 2026-10-24 to 2026-10-26, collides with another`. */
export function barWords(zone: string, bar: Bar): string {
  const state = bar.collides ? ', collides with another' : bar.uncertain ? ', in doubt' : '';
  const who = bar.citizen === '' ? '' : ` of ${safeText(bar.citizen)}`;
  return `${safeText(bar.id)}${who}: ${safeText(rangeText(zone, bar))}${state}`;
}
