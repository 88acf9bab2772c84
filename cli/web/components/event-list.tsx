/** Events, a line each. Text of an event is text and nothing else, with what could hide or reorder it made visible. */
import { useEffect, useRef } from 'preact/hooks';
import type { RunEvent } from '../../../server/contract/index.ts';
import { detailOf, kindOf, objectOf } from '../../run/describe-event.ts';
import { statementDetail, statementParts } from '../../run/describe-statement.ts';
import { formatClock } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { goTo, onPlainClick } from '../state/navigation.ts';
import { formatRoute, type RunRoute } from '../state/route.ts';

interface EventListProps {
  label: string;
  events: readonly RunEvent[];
  /** The chosen event; null: none is. */
  chosen?: number | null;
  /** Makes a link of each line, to where it says. */
  to?: (index: number) => RunRoute;
  /** Makes a button of each line. */
  onPick?: (index: number) => void;
}

export function EventList({ label, events, chosen = null, to, onPick }: EventListProps) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const line = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (chosen === null || !line || !list.current) return;
    list.current.scrollTop = line.offsetTop - list.current.offsetTop - list.current.clientHeight / 2;
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reached by the keyboard
    <ul class="events" aria-label={label} tabIndex={0} ref={list}>
      {events.map((event) => (
        <li key={event.index}>
          <EventLine event={event} isChosen={event.index === chosen} to={to} onPick={onPick} />
        </li>
      ))}
    </ul>
  );
}

interface EventLineProps {
  event: RunEvent;
  isChosen: boolean;
  to?: ((index: number) => RunRoute) | undefined;
  onPick?: ((index: number) => void) | undefined;
}

/** A link, or a button where it can only be picked. With both, a plain click on the link picks. */
export function EventLine({ event, isChosen, to, onPick }: EventLineProps) {
  const parts = (
    <>
      <span class="event-index">{event.index}</span>
      <span class="event-clock">{formatClock(event.virtualMs, 3)}</span>
      <span class="event-type">{safeText(event.type)}</span>
      <span class="event-actor">{safeText(event.actor)}</span>
      {event.type === 'statement' ? (
        <StatementDetail data={event.data} />
      ) : (
        <>
          <span class="event-object">{objectOf(event) ?? ''}</span>
          <span class="event-detail">{detailOf(event)}</span>
        </>
      )}
    </>
  );
  const className = `event event-${kindOf(event)}`;
  const isCurrent = isChosen ? 'true' : undefined;
  if (to !== undefined) {
    const place = to(event.index);
    const pick = onPick === undefined ? () => goTo(place) : () => onPick(event.index);
    return (
      <a
        href={formatRoute(place)}
        class={className}
        tabIndex={onPick && -1}
        aria-current={isCurrent}
        onClick={onPlainClick(pick)}
      >
        {parts}
      </a>
    );
  }
  if (!onPick) return <span class={className}>{parts}</span>;
  return (
    <button
      type="button"
      class={className}
      tabIndex={-1}
      aria-current={isCurrent}
      onClick={() => onPick(event.index)}
    >
      {parts}
    </button>
  );
}

/** It is about no object, and has its place too; the answer stays where the SQL is cut. */
function StatementDetail({ data }: Pick<RunEvent, 'data'>) {
  const { sql, values, answer } = statementParts(data);
  return (
    <span class="event-sql" title={statementDetail(data)}>
      <code>
        {sql} <span class="dim">{values}</span>
      </code>
      <span>{answer}</span>
    </span>
  );
}
