/** Calendars as strips: a row for each unit, time across, bookings as bars with their names as far as they fit. */
import { type Bar, type CalendarRow, type Day, hourOf } from '../../run/calendar-rows.ts';
import { barName, dayLength, dayName } from '../../run/calendar-words.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, textWidth, truncate } from '../../terminal/columns.ts';
import { DIM, type Line, type Span, span } from '../paint/line.ts';

/** Columns of a unit's name at most, with the blank behind it. */
const WIDEST_NAME = 14;
/** A single day has its hours told in steps of so many. */
const HOUR_STEP = 3;

interface Scale {
  from: number;
  to: number;
  columns: number;
}

/** The days and their clock over the rows that fit; `scroll` is the first of them. */
export function calendarStrip(
  rows: readonly CalendarRow[],
  days: readonly Day[],
  { width, height, scroll }: { width: number; height: number; scroll: number },
): Line[] {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [[span('nothing was asked for yet', DIM)]];
  const name = Math.min(WIDEST_NAME, Math.max(0, ...rows.map((row) => textWidth(nameOf(row)))) + 2);
  const scale: Scale = { from: first.from, to: last.to, columns: Math.max(1, width - name) };
  const head = [daysLine(days, scale), clockLine(days, scale)].filter((each) => each !== '');
  const shown = rows.slice(scroll, scroll + Math.max(1, height - head.length));
  return [
    ...head.map((text): Line => [span(' '.repeat(name)), span(text, DIM)]),
    ...shown.map((row, i): Line => {
      const named = i === 0 ? { ...row, lane: 0, isOfAbove: false } : row;
      return [nameCell(named, name), ...barCells(row.bars, days, scale)];
    }),
  ];
}

/** Lines over the rows. */
export function headHeight(days: readonly Day[]): number {
  return days.length === 1 || days.some(({ change }) => change !== null) ? 2 : 1;
}

function nameOf({ resource, unit }: CalendarRow): string {
  return `${safeText(resource)}/${unit}`;
}

/** The name of a resource stands at its first row; of a long one the end, which tells more. */
function nameCell(row: CalendarRow, width: number): Span {
  if (row.lane > 0) return span(' '.repeat(width));
  const isBad = row.hasFailed || row.isBeyond;
  const room = width - (isBad ? 2 : 1);
  const whole = row.isOfAbove ? `/${row.unit}` : nameOf(row);
  const name = textWidth(whole) <= room ? whole : `…${whole.slice(1 - room)}`;
  const sign = isBad ? '✖' : '';
  const text = row.isOfAbove
    ? `${sign}${' '.repeat(Math.max(0, room - textWidth(name)))}${name}`
    : `${sign}${name}`;
  return span(alignLeft(text, width), isBad ? { color: 'red', bold: true } : {});
}

function columnOf(instant: number, { from, to, columns }: Scale): number {
  return Math.floor(((instant - from) / (to - from)) * columns);
}

/** The days, each at its midnight, by as much of its name as there is room for. */
function daysLine(days: readonly Day[], scale: Scale): string {
  const marks = days.map((day): Mark => {
    const column = columnOf(day.from, scale);
    const length = dayLength(day);
    const texts = [`${dayName(day)}${length === null ? '' : `, ${length}`}`, dayName(day), day.day.slice(8)];
    return { column, text: texts.find((text) => text.length < columnOf(day.to, scale) - column) ?? '' };
  });
  return placed(
    marks.filter(({ text }) => text !== ''),
    scale.columns,
  );
}

/** Where the clock changes; of a single day the hours, too. */
function clockLine(days: readonly Day[], scale: Scale): string {
  const isSingle = days.length === 1;
  const changes = days.flatMap((day): Mark[] => {
    if (day.change === null) return [];
    return [{ column: columnOf(day.change.at, scale), text: isSingle ? '▾' : `▾${dayLength(day)}` }];
  });
  const hours = isSingle ? days.flatMap((day) => hourMarks(day, scale)) : [];
  const free = hours.filter(({ column, text }) =>
    changes.every((change) => column + text.length < change.column || column > change.column),
  );
  return placed(
    [...changes, ...free].sort((a, b) => a.column - b.column),
    scale.columns,
  );
}

function hourMarks(day: Day, scale: Scale): Mark[] {
  return Array.from({ length: 24 / HOUR_STEP }, (_, i) => ({
    column: columnOf(hourOf(day, i * HOUR_STEP), scale),
    text: String(i * HOUR_STEP).padStart(2, '0'),
  }));
}

interface Mark {
  column: number;
  text: string;
}

/** Texts at their columns, in the order of these; one that would begin in another gives way. */
function placed(marks: readonly Mark[], columns: number): string {
  let line = '';
  for (const { column, text } of marks) {
    const start = Math.max(0, Math.min(column, columns - textWidth(text)));
    if (start === 0 || textWidth(line) < start) line = line.padEnd(start) + text;
  }
  return line.slice(0, columns);
}

/** Between the bars: where a day begins, and where the clock changes. */
function barCells(bars: readonly Bar[], days: readonly Day[], scale: Scale): Span[] {
  const free = Array.from({ length: scale.columns }, () => ' ');
  for (const { from } of days.slice(1)) free[columnOf(from, scale)] = '│';
  for (const { change } of days) if (change !== null) free[columnOf(change.at, scale)] = '·';
  const cells: Span[] = [];
  let column = 0;
  for (const bar of bars) {
    if (bar.to <= scale.from || bar.from >= scale.to) continue;
    const start = Math.max(column, columnOf(Math.max(bar.from, scale.from), scale));
    const end = Math.max(start + 1, columnOf(Math.min(bar.to, scale.to), scale));
    if (start >= scale.columns) break;
    cells.push(
      span(free.slice(column, start).join(''), DIM),
      barCell(bar, Math.min(end, scale.columns) - start),
    );
    column = Math.min(end, scale.columns);
  }
  return [...cells, span(free.slice(column).join(''), DIM)];
}

/** What is wrong or in doubt begins with its sign, which stays where there is no room for a name. */
function barCell(bar: Bar, width: number): Span {
  const { begin, fill, style } = bar.collides ? COLLIDES : bar.uncertain ? IN_DOUBT : PLAIN_BAR;
  if (width < NARROWEST) return span((begin === '├' ? '█' : begin).repeat(width), style);
  const whole = safeText(barName(bar));
  const room = width - 2;
  const name = textWidth(whole) > room && room < NARROWEST ? '' : truncate(whole, room);
  return span(`${begin}${name}${fill.repeat(room - textWidth(name))}┤`, style);
}

/** Narrower bars are a sign alone, and narrower names are none. */
const NARROWEST = 3;
const PLAIN_BAR = { begin: '├', fill: '─', style: { color: 'cyan' } } as const;
const IN_DOUBT = { begin: '?', fill: '┄', style: { color: 'magenta' } } as const;
const COLLIDES = { begin: '✖', fill: '✖', style: { color: 'redBright', bold: true } } as const;

/** For the frame: what the signs say. */
export const CALENDAR_LEGEND = '✖ collides  ? in doubt';
