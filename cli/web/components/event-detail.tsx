/** One event opened: what it says, its operation from request to answer, and what overlapped that. */
import type { RunEvent } from '../../../server/contract/index.ts';
import { describeAnswer } from '../../run/describe-answer.ts';
import { kindOf, objectOf } from '../../run/describe-event.ts';
import { formatClock, formatNumber } from '../../run/format.ts';
import { type Likeness, likeText } from '../../run/matcher.ts';
import {
  AROUND_OPENED,
  AS_FAR_AS_LOADED,
  intervalWords,
  type OpenedOperation,
  type Operation,
  operationOf,
  otherHalf,
  overlapWords,
} from '../../run/operation.ts';
import { missingPages } from '../../run/pages.ts';
import { safeJson, safeText } from '../../run/sanitize.ts';
import type { EventsPlace } from '../state/events-place.ts';
import { formatRoute, type RunRoute } from '../state/route.ts';
import { Copy } from './copy.tsx';
import { eventRoute } from './event-link.tsx';
import { EventList } from './event-list.tsx';
import { Link } from './link.tsx';
import { Panel } from './panel.tsx';

interface EventDetailProps {
  place: EventsPlace;
  route: RunRoute;
}

const LIKENESSES: readonly [Likeness, string, string][] = [
  ['citizen', 'c', 'Only this citizen'],
  ['slot', 's', 'Only this slot'],
  ['operation', 'o', 'Only this operation'],
  ['type', 't', 'Only this type'],
];
/** Overlapping operations that are listed. */
const MOST_OVERLAPS = 30;

export function EventDetail({ place, route }: EventDetailProps) {
  const { chosen, newest, known } = place;
  if (chosen === null) {
    return (
      <Panel title="Event" class="event-detail-panel">
        <p class="empty">Choose an event to see all that it says.</p>
      </Panel>
    );
  }
  const event = known(chosen);
  return (
    <Panel
      title={`Event ${formatNumber(chosen)}`}
      class="event-detail-panel"
      aside={event && <time dateTime={event.at}>{event.at}</time>}
    >
      {event !== undefined ? (
        <Opened place={place} route={route} event={event} />
      ) : chosen > newest ? (
        <p class="empty">There is no such event: the newest is {formatNumber(newest)}.</p>
      ) : (
        <p class="empty">Reading…</p>
      )}
    </Panel>
  );
}

function Opened({ place, route, event }: EventDetailProps & { event: RunEvent }) {
  const around = eventsAround(place, event.index);
  const operation = operationOf(event, around);
  const { runId } = route;
  const address = new URL(formatRoute(eventRoute(runId, event.index)), location.href).href;
  return (
    <>
      <p>
        <span class={`event-${kindOf(event)}`}>
          <span class="event-type">{safeText(event.type)}</span>
        </span>{' '}
        {safeText(event.actor)} {objectOf(event)}{' '}
        <span class="dim">at {formatClock(event.virtualMs, 3)}</span>
      </p>
      <div class="event-actions">
        <Copy text={address} what="link">
          Copy the link
        </Copy>
        <Link to={{ page: 'run', runId, view: 'replay', at: event.index }}>The city at this event</Link>
      </div>
      <div class="event-actions">
        {otherHalf(event) !== null && (
          <button type="button" title="x" onClick={place.seekOtherHalf}>
            {kindOf(event) === 'invoke' ? 'To its answer' : 'To its request'}
          </button>
        )}
        {LIKENESSES.filter(([likeness]) => likeText(event, likeness) !== null).map(
          ([likeness, key, words]) => (
            <button key={likeness} type="button" title={key} onClick={() => place.only(likeness)}>
              {words}
            </button>
          ),
        )}
      </div>
      <pre>{safeJson(event.data, 2)}</pre>
      {operation !== null && (
        <OperationDetail
          to={(at) => ({ ...route, at })}
          opened={operation}
          events={around.filter(({ data }) => data['op'] === operation.own.op)}
          chosen={event.index}
          isWhole={isWhole(place, event.index)}
        />
      )}
    </>
  );
}

interface OperationDetailProps {
  to: (index: number) => RunRoute;
  opened: OpenedOperation;
  /** Of the operation: request, statements, faults, answer. */
  events: readonly RunEvent[];
  chosen: number;
  /** False while more may have overlapped it, or less. */
  isWhole: boolean;
}

function OperationDetail({ to, opened, events, chosen, isWhole }: OperationDetailProps) {
  const { own, overlaps } = opened;
  const loaded = isWhole ? '' : `, ${AS_FAR_AS_LOADED}`;
  return (
    <section class="operation" aria-label={`Operation ${own.op}`}>
      <h3>Operation {own.op}</h3>
      <p>
        {intervalWords(own)}
        {own.completion === null && <span class="dim">; answer: none, {AS_FAR_AS_LOADED}</span>}
      </p>
      <EventList label={`Events of operation ${own.op}`} events={events} chosen={chosen} to={to} />
      <h3>
        {overlapWords(opened)}
        <span class="dim">{loaded}</span>
      </h3>
      <ul class="overlaps">
        {overlaps.slice(0, MOST_OVERLAPS).map((each) => (
          <Overlap key={each.op} to={to} operation={each} />
        ))}
        {overlaps.length > MOST_OVERLAPS && (
          <li class="dim">and {formatNumber(overlaps.length - MOST_OVERLAPS)} more</li>
        )}
      </ul>
    </section>
  );
}

interface OverlapProps {
  to: (index: number) => RunRoute;
  operation: Operation;
}

function Overlap({ to, operation: { op, invoke, completion } }: OverlapProps) {
  const event = invoke ?? completion;
  if (event === null) return null;
  const [name, phase] = (completion ?? event).type.split('.');
  return (
    <li>
      <Link to={to(event.index)} label={`Operation ${op}: event ${event.index}`}>
        {op}
      </Link>{' '}
      {safeText(event.actor)} {safeText(name ?? '')} {objectOf(event)}{' '}
      <span class="dim">
        {completion === null
          ? 'pending'
          : `${safeText(phase ?? '')} ${describeAnswer(completion.data, null, () => '')}`}
      </span>
    </li>
  );
}

/** Those that are loaded, in order. */
function eventsAround({ known, newest }: EventsPlace, index: number): RunEvent[] {
  const events: RunEvent[] = [];
  const last = Math.min(newest, index + AROUND_OPENED);
  for (let at = Math.max(0, index - AROUND_OPENED); at <= last; at++) {
    const event = known(at);
    if (event !== undefined) events.push(event);
  }
  return events;
}

function isWhole({ stored, newest }: EventsPlace, index: number): boolean {
  return missingPages(stored.pages, index - AROUND_OPENED, index + AROUND_OPENED, newest).length === 0;
}
