/** The newest events, newest first, a line each, coloured by kind. */
import { Text } from 'ink';
import type { RunEvent } from '../../../server/contract/index.ts';
import { detailOf, kindOf, objectOf } from '../../describe-event.ts';
import { formatClock } from '../../format.ts';
import { alignLeft, alignRight, safeText, truncate } from '../../safe-text.ts';
import { EVENT_COLOR } from '../theme.ts';

export interface EventLogProps {
  /** Oldest first. */
  events: readonly RunEvent[];
  width: number;
  height: number;
  /** Said while there is no event. */
  empty: string;
}

/** From this width on there is room for the time. */
const WITH_CLOCK = 58;

export function EventLog({ events, width, height, empty }: EventLogProps) {
  if (events.length === 0) return <Text dimColor>{empty}</Text>;
  const newest = events.slice(-height).reverse();
  return newest.map((event) => {
    const kind = kindOf(event);
    const color = EVENT_COLOR[kind];
    const { place, type, rest } = eventColumns(event, width);
    return (
      <Text key={event.index} wrap="truncate" dimColor={kind === 'invoke'}>
        <Text dimColor>{place}</Text>
        <Text bold={kind === 'violation'} {...(color === undefined ? {} : { color })}>
          {type}
        </Text>
        <Text>{truncate(rest, Math.max(0, width - place.length - type.length))}</Text>
      </Text>
    );
  });
}

/** The parts of a line: where, what, and the rest. All of it safe to print. */
export function eventColumns(event: RunEvent, width: number): { place: string; type: string; rest: string } {
  const isWide = width >= WITH_CLOCK;
  const place = isWide
    ? `${alignRight(String(event.index), 6)}  ${formatClock(event.virtualMs, 3)}  `
    : `${String(event.index).padStart(5)} `;
  const type = `${alignLeft(safeText(event.type), 14)} `;
  const kind = kindOf(event);
  if (kind === 'fault' || kind === 'violation' || kind === 'mark')
    return { place, type, rest: detailOf(event) };
  const who = alignLeft(safeText(event.actor), 11);
  const object = objectOf(event);
  return {
    place,
    type,
    rest: [who, object === null ? '' : alignLeft(object, 8), detailOf(event)].join(' ').trimEnd(),
  };
}
