/** Calendars as strips: a row for each unit, time across in the zone of the world, bookings as bars. */

import { useState } from 'preact/hooks';
import type { Calendars } from '../../../server/contract/city.ts';
import type { Range } from '../../../server/contract/zone.ts';
import {
  type Bar,
  type CalendarRow,
  calendarRows,
  collidingResources,
  type Day,
  daysOf,
  hourOf,
  shownDays,
  turnedDay,
} from '../../run/calendar-rows.ts';
import { barName, barSign, barWords, changeWords, dayLength, dayName } from '../../run/calendar-words.ts';
import { counted } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { useKeys } from '../state/keys.ts';
import { CALENDAR_KEYS } from '../state/replay-keys.ts';
import { ScrollX } from './scroll-x.tsx';

/** More rows than that are told by their number. */
const MOST_ROWS = 300;
/** So many days have a button each. */
const MOST_BUTTONS = 14;

interface CalendarStripProps {
  calendars: Calendars;
  /** The resource that a checker found wrong; null: none. */
  failed: string | null;
}

export function CalendarStrip({ calendars, failed }: CalendarStripProps) {
  const [day, setDay] = useState<number | null>(null);
  const all = daysOf(calendars);
  const days = shownDays(all, day);
  const rows = calendarRows(calendars, failed);
  const colliding = collidingResources(rows);
  useKeys(CALENDAR_KEYS, (intent) => setDay(turnedDay(day, intent === 'day-after' ? 1 : -1, all.length)));
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return <p class="empty">Nothing was asked for yet.</p>;
  const scale = { from: first.from, to: last.to };
  const { zone } = calendars;
  return (
    <>
      {colliding > 0 && (
        <p class="calendar-wrong">✖ {counted(colliding, 'resource', 'resources')} taken twice</p>
      )}
      {all.length <= MOST_BUTTONS && <DayButtons days={all} chosen={day} onChoose={setDay} />}
      <p class="dim">Times of {safeText(zone)}.</p>
      <ScrollX label={`Calendars, ${safeText(zone)}`}>
        <div class={days.length > 1 ? 'calendar' : 'calendar calendar-day'}>
          <DaysHead days={days} scale={scale} zone={zone} />
          {days.length === 1 && <HoursHead day={first} scale={scale} />}
          {rows.slice(0, MOST_ROWS).map((row) => (
            <Row
              key={`${row.resource} ${row.unit} ${row.lane}`}
              row={row}
              days={days}
              scale={scale}
              zone={zone}
            />
          ))}
        </div>
      </ScrollX>
      {rows.length > MOST_ROWS && <p class="empty">and {rows.length - MOST_ROWS} more rows</p>}
    </>
  );
}

interface DayButtonsProps {
  days: readonly Day[];
  chosen: number | null;
  onChoose: (day: number | null) => void;
}

function DayButtons({ days, chosen, onChoose }: DayButtonsProps) {
  return (
    <fieldset class="calendar-days" aria-label="Days">
      <button type="button" aria-pressed={chosen === null} onClick={() => onChoose(null)}>
        All
      </button>
      {days.map((day, i) => (
        <button key={day.day} type="button" aria-pressed={chosen === i} onClick={() => onChoose(i)}>
          {dayName(day)}
        </button>
      ))}
    </fieldset>
  );
}

interface Scaled {
  days: readonly Day[];
  /** What the whole width is. */
  scale: Range;
  zone: string;
}

function DaysHead({ days, scale, zone }: Scaled) {
  return (
    <div class="calendar-head">
      {days.map((day) => {
        const length = dayLength(day);
        return (
          <span key={day.day} style={placeOf(day, scale)}>
            {dayName(day)}
            {length !== null && <b> {length}</b>}
            {day.change !== null && (
              <span class="calendar-change-words"> {changeWords(zone, day.change)}</span>
            )}
          </span>
        );
      })}
    </div>
  );
}

const HOURS = [0, 3, 6, 9, 12, 15, 18, 21];

function HoursHead({ day, scale }: { day: Day; scale: Range }) {
  return (
    <div class="calendar-hours" aria-hidden="true">
      {HOURS.map((hour) => (
        <span key={hour} style={{ left: `${shareOf(hourOf(day, hour), scale)}%` }}>
          {hour}
        </span>
      ))}
    </div>
  );
}

function Row({ row, days, scale, zone }: Scaled & { row: CalendarRow }) {
  const { resource, unit, lane, isOfAbove, isBeyond, hasFailed, bars } = row;
  const name = `${safeText(resource)}/${unit}`;
  const note = [hasFailed ? 'failed' : '', isBeyond ? 'no such unit' : ''].filter(Boolean).join(', ');
  const isBad = hasFailed || isBeyond;
  return (
    <div
      class={`calendar-row${isOfAbove ? '' : ' calendar-row-first'}${isBad ? ' calendar-row-failed' : ''}`}
    >
      <span class="calendar-name">
        {lane === 0 ? `${isBad ? '✖ ' : ''}${name}` : <span class="visually-hidden">{name}, once more</span>}
        {note !== '' && lane === 0 && <span class="visually-hidden">, {note}</span>}
      </span>
      <ul class="calendar-track" aria-label={`Bookings of ${name}`}>
        {days.map((day) => (
          <DayEdge key={day.day} day={day} scale={scale} />
        ))}
        {bars
          .filter(({ from, to }) => from < scale.to && to > scale.from)
          .map((bar) => (
            <BarItem key={bar.id} bar={bar} scale={scale} zone={zone} />
          ))}
      </ul>
    </div>
  );
}

/** Where a day begins, and where its clock changes. */
function DayEdge({ day: { from, change }, scale }: { day: Day; scale: Range }) {
  return (
    <>
      <li class="calendar-edge" aria-hidden="true" style={{ left: `${shareOf(from, scale)}%` }} />
      {change !== null && (
        <li class="calendar-change" aria-hidden="true" style={{ left: `${shareOf(change.at, scale)}%` }} />
      )}
    </>
  );
}

function BarItem({ bar, scale, zone }: { bar: Bar; scale: Range; zone: string }) {
  const told = barWords(zone, bar);
  const kind = bar.collides ? ' calendar-bar-over' : bar.uncertain ? ' calendar-bar-doubt' : '';
  return (
    <li class={`calendar-bar${kind}`} style={placeOf(bar, scale)} title={told}>
      <span aria-hidden="true">
        {barSign(bar)}
        {safeText(barName(bar))}
      </span>
      <span class="visually-hidden">{told}</span>
    </li>
  );
}

function shareOf(instant: number, { from, to }: Range): number {
  return ((Math.max(from, Math.min(to, instant)) - from) / (to - from)) * 100;
}

function placeOf(range: Range, scale: Range): { left: string; width: string } {
  const left = shareOf(range.from, scale);
  return { left: `${left}%`, width: `${shareOf(range.to, scale) - left}%` };
}
