/** An event on one line, coloured by its kind. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { detailOf, kindOf, objectOf } from '../../run/describe-event.ts';
import { formatClock } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, alignRight } from '../../terminal/columns.ts';
import { DIM, fitLine, type Line, PLAIN, span } from '../paint/line.ts';
import { EVENT_STYLE } from '../theme.ts';

/** From this width on there is room for the time. */
const WITH_CLOCK = 58;
/** And from this one on for the longer names of types. */
const WITH_LONG_TYPES = 76;

export function eventLine(event: RunEvent, width: number, isChosen = false): Line {
  const kind = kindOf(event);
  const rest = kind === 'invoke' ? DIM : PLAIN;
  const pieces = [
    span(placeOf(event, width), DIM),
    span(`${alignLeft(safeText(event.type), width >= WITH_LONG_TYPES ? 16 : 14)} `, EVENT_STYLE[kind]),
    span(saidBy(event), rest),
  ];
  if (!isChosen) return pieces;
  return fitLine(pieces, width).map(({ text }) => span(text, { inverse: true }));
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
