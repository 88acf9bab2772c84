/** The Events view: the whole history as a list, and the chosen event opened below it. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { type Filtered, filteredWords } from '../../run/filtered.ts';
import { formatNumber } from '../../run/format.ts';
import { eventLine } from '../components/event-line.ts';
import { framed, innerSize } from '../components/frame.ts';
import { clickable, DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { topAround } from '../state/anchor.ts';
import { eventsRows, eventsWindow, knownEvent } from '../state/selectors.ts';
import type { State } from '../state/state.ts';
import { looksOf } from '../state/workspace.ts';
import { EventDetailPane } from './event-detail.tsx';
import type { DrawPane, ViewProps } from './view-props.ts';

export function EventsView({ state, area }: ViewProps) {
  const { x, y, width, height } = area;
  const { isOpen } = state.events;
  const list = isOpen ? eventsRows(state) + 2 : height;
  return (
    <>
      {eventsPane(state, 'list', { x, y, width, height: list })}
      {isOpen && eventsPane(state, 'detail', { x, y: y + list, width, height: height - list })}
    </>
  );
}

export const eventsPane: DrawPane = (state, name, place) => {
  const looks = { ...place, ...looksOf(state.workspace, name) };
  return name === 'list' ? (
    <EventListPane state={state} {...looks} />
  ) : (
    <EventDetailPane state={state} {...looks} />
  );
};

const EventListPane = pane<{ state: State }>('EventListPane', ({ state }, { width, height }) => {
  const inner = innerSize(width, height);
  const { events, data } = state;
  const cursor = events.cursor ?? data.eventIndex;
  const rows =
    events.filtered === null
      ? wholeRows(state)
      : filteredRows(events.filtered, cursor, inner.height, state.workspace.anchor);
  const lines = rows.map(({ index, event }): Line => {
    if (event !== undefined) return eventLine(event, inner.width, index === cursor);
    const place = [span(`${String(index).padStart(7)}  …`, DIM)];
    return clickable(place, inner.width, { on: 'event', index });
  });
  return framed(
    {
      title: events.filtered === null ? 'Events' : `Events  ${events.filtered.matcher.text}`,
      aside: asideOf(state, rows),
      footLeft: events.filtered === null ? '' : filteredWords(events.filtered, data.eventIndex),
      footRight: events.search === null ? '' : `/${events.search.text}`,
      width,
      height,
      color: events.filtered === null ? undefined : 'cyan',
    },
    lines.length === 0 ? [[span(data.eventIndex < 0 ? 'no event yet' : 'no event matches', DIM)]] : lines,
  );
});

interface Row {
  index: number;
  event: RunEvent | undefined;
}

function wholeRows(state: State): Row[] {
  const { top, bottom } = eventsWindow(state);
  const rows: Row[] = [];
  for (let index = top; index <= bottom; index++) rows.push({ index, event: knownEvent(state, index) });
  return rows;
}

function filteredRows({ found }: Filtered, cursor: number, height: number, anchor: number | null): Row[] {
  const place = Math.max(
    0,
    found.findLastIndex(({ index }) => index <= cursor),
  );
  const start = topAround(place, height, found.length, anchor);
  return found.slice(start, start + height).map((event) => ({ index: event.index, event }));
}

function asideOf(state: State, rows: readonly Row[]): string {
  const { cursor } = state.events;
  const newest = state.data.eventIndex;
  if (cursor === null)
    return state.data.end === null ? 'following' : `the last of ${formatNumber(newest + 1)}`;
  const first = rows[0]?.index;
  return first === undefined ? '' : `${formatNumber(cursor)} of 0 to ${formatNumber(newest)}`;
}
