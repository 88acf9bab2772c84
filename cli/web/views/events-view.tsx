/** The whole history as a list, with a filter and a search, and the chosen event opened beside it. */
import { useState } from 'preact/hooks';
import { isTerminal } from '../../../server/contract/run-values.ts';
import { filteredWords } from '../../run/filtered.ts';
import { formatNumber } from '../../run/format.ts';
import { INCIDENTS, parseMatcher } from '../../run/matcher.ts';
import type { RunData } from '../../run/run-data.ts';
import { EventDetail } from '../components/event-detail.tsx';
import { EventLine } from '../components/event-list.tsx';
import { EventsBar } from '../components/events-bar.tsx';
import { Panel } from '../components/panel.tsx';
import { VirtualList } from '../components/virtual-list.tsx';
import { EVENTS_KEYS, eventsMove } from '../state/events-keys.ts';
import { type EventsPlace, rowOf, useEventsPlace } from '../state/events-place.ts';
import { useKeys } from '../state/keys.ts';
import { goTo } from '../state/navigation.ts';
import type { RunRoute } from '../state/route.ts';

interface EventsViewProps {
  data: RunData;
  route: RunRoute;
}

/** Rows of a page, for the keys that go by pages. */
const PAGE_ROWS = 20;

export function EventsView({ data, route }: EventsViewProps) {
  const place = useEventsPlace(data, route);
  const { newest, chosen } = place;
  const [isAway, setAway] = useState(false);
  const isFollowing = chosen === null && !isAway;
  const follow = () => {
    setAway(false);
    place.choose(null);
  };
  useKeys(EVENTS_KEYS, (intent) => {
    const move = eventsMove(intent, document.activeElement);
    return move !== null && act(move, { place, route, follow });
  });
  if (newest < 0) return <p class="empty">No event is stored yet.</p>;
  const problem = place.stored.problem ?? place.filter?.problem ?? null;
  return (
    <div class="events-view">
      <EventsBar place={place} route={route} onFollow={follow} />
      {problem !== null && (
        <p class="banner" role="alert">
          {problem}{' '}
          <button type="button" onClick={place.tryAgain}>
            Try again
          </button>
        </p>
      )}
      <div class="events-grid">
        <Panel
          title={route.filter ? 'Events that match' : 'Events'}
          aside={whereWords(place, isFollowing, isTerminal(data.status))}
        >
          <Rows place={place} route={route} isFollowing={isFollowing} onLeaveEnd={() => setAway(true)} />
          <p class="events-said dim">{saidOf(place)}</p>
        </Panel>
        <EventDetail place={place} route={route} />
      </div>
    </div>
  );
}

interface RowsProps {
  place: EventsPlace;
  route: RunRoute;
  isFollowing: boolean;
  onLeaveEnd: () => void;
}

function Rows({ place, route, isFollowing, onLeaveEnd }: RowsProps) {
  const { newest, chosen, filter, known, choose, see } = place;
  const found = filter?.filtered.found;
  const count = found === undefined ? newest + 1 : found.length;
  const rowOfChosen =
    chosen === null || chosen > newest || filter === null
      ? chosen
      : Math.max(0, rowOf(filter.filtered, chosen));
  const row = rowOfChosen === null || rowOfChosen >= count ? null : rowOfChosen;
  const to = (at: number) => ({ ...route, at });
  const draw = (at: number) => {
    const index = found === undefined ? at : (found[at]?.index ?? at);
    const event = found?.[at] ?? known(index);
    return (
      <li key={index} aria-setsize={count} aria-posinset={at + 1}>
        {event === undefined ? (
          <span class="event">
            <span class="event-index">{index}</span>
            <span class="event-clock">…</span>
          </span>
        ) : (
          <EventLine event={event} isChosen={index === chosen} to={to} onPick={choose} />
        )}
      </li>
    );
  };
  if (count === 0 && !filter?.isScanning) return <p class="empty">No event matches.</p>;
  return (
    <VirtualList
      name={filter?.filtered.matcher.text ?? ''}
      label="List of events"
      count={count}
      row={row}
      shown={row === null ? null : (found?.[row]?.index ?? row)}
      origin={filter?.origin ?? 0}
      staysAtEnd={isFollowing}
      onLeaveEnd={onLeaveEnd}
      onWindow={see}
      draw={draw}
    />
  );
}

function whereWords({ newest, chosen }: EventsPlace, isFollowing: boolean, hasEnded: boolean): string {
  const all = formatNumber(newest + 1);
  if (chosen !== null && chosen <= newest) return `${formatNumber(chosen)} of 0 to ${formatNumber(newest)}`;
  if (!isFollowing) return `${all} so far, not following`;
  return hasEnded ? `the last of ${all}` : `following, ${all} so far`;
}

/** What is being done, or came of it. */
function saidOf({ stored: { seeking }, filter, notice, newest }: EventsPlace): string {
  if (seeking !== null) {
    return `Looking for ${seeking.matcher.text} at event ${formatNumber(seeking.at)}; Esc stops.`;
  }
  if (notice !== null) return notice;
  if (filter === null) return '';
  const words = filteredWords(filter.filtered, newest);
  return filter.isScanning ? `${words}, looking on…` : `${words}.`;
}

type Acting = { place: EventsPlace; route: RunRoute; follow: () => void };

function act(move: NonNullable<ReturnType<typeof eventsMove>>, { place, route, follow }: Acting): void {
  switch (move.do) {
    case 'step':
      return place.move(move.by);
    case 'page':
      return place.move(move.by * PAGE_ROWS);
    case 'first':
      return place.choose(0);
    case 'last':
      return follow();
    case 'match':
      return place.seek(parseMatcher(route.search ?? ''), move.step);
    case 'incident':
      return place.seek(INCIDENTS, move.step);
    case 'only':
      return place.only(move.likeness);
    case 'other-half':
      return place.seekOtherHalf();
    case 'replay':
      return goTo({ ...route, view: 'replay', at: place.chosen ?? place.newest });
    case 'cancel':
      return place.cancel();
    case 'filter':
    case 'search':
    case 'index':
      return document.getElementById(`events-${move.do}`)?.focus();
  }
}
