/** An event on one line, coloured by its kind. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { detailOf, kindOf, objectOf } from '../../run/describe-event.ts';
import { statementParts } from '../../run/describe-statement.ts';
import { formatClock } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, alignRight, textWidth } from '../../terminal/columns.ts';
import { clickable, DIM, fitLine, type Line, PLAIN, type Span, span } from '../paint/line.ts';
import { EVENT_STYLE } from '../theme.ts';

/** From this width on there is room for the time. */
const WITH_CLOCK = 58;
/** And from this one on for the longer names of types. */
const WITH_LONG_TYPES = 76;
/** Columns of SQL that are shown, whatever was answered. */
const LEAST_SQL = 8;

export function eventLine(event: RunEvent, width: number, isChosen = false): Line {
  const kind = kindOf(event);
  const rest = kind === 'invoke' ? DIM : PLAIN;
  const place = span(placeOf(event, width), DIM);
  const type = `${alignLeft(safeText(event.type), width >= WITH_LONG_TYPES ? 16 : 14)} `;
  const pieces =
    kind === 'statement'
      ? statementPieces(event, place, width)
      : [place, span(type, EVENT_STYLE[kind]), span(saidBy(event), rest)];
  const looks = isChosen ? fitLine(pieces, width).map(({ text }) => span(text, { inverse: true })) : pieces;
  return clickable(looks, width, { on: 'event', index: event.index });
}

/** SQL takes the room of the type, which its looks tell. */
function statementPieces(event: RunEvent, place: Span, width: number): Line {
  const who = `${alignLeft(safeText(event.actor), 11)} `;
  const room = width - textWidth(place.text) - textWidth(who);
  return [place, span(who, EVENT_STYLE.statement), span(sqlIn(event, room))];
}

/** The answer stays, and the SQL gives way. */
function sqlIn({ data }: RunEvent, room: number): string {
  const { sql, values, answer } = statementParts(data);
  const whole = [sql, values, answer].filter((part) => part !== '').join('  ');
  if (textWidth(whole) <= room) return whole;
  const left = Math.max(LEAST_SQL, room - textWidth(answer) - 2);
  return `${alignLeft(sql, left)}  ${answer}`.trimEnd();
}

function placeOf(event: RunEvent, width: number): string {
  return width >= WITH_CLOCK
    ? `${alignRight(String(event.index), 7)}  ${formatClock(event.virtualMs, 3)}  `
    : `${String(event.index).padStart(6)} `;
}

function saidBy(event: RunEvent): string {
  const kind = kindOf(event);
  const detail = detailOf(event);
  if (kind === 'fault' || kind === 'violation' || kind === 'mark') return detail;
  const object = objectOf(event);
  const who = alignLeft(safeText(event.actor), 11);
  return [who, object === null ? '' : alignLeft(object, 8), detail].join(' ').trimEnd();
}
