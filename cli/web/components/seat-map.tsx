/** Events as maps of their seats, with the places of general admission, who waits, and the money that is kept. */
import type { Venue } from '../../../server/contract/city.ts';
import { formatNumber } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import {
  type EventShown,
  eventsInOrder,
  isWrong,
  moneyWords,
  placesOf,
  placesWords,
  SEAT_SIGNS,
  type Seat,
  saleWords,
  seatsOf,
  seatTimeLeft,
  seatWords,
  waitingWords,
} from '../../run/seat-map.ts';

/** More seats than that are told by their number. */
const MOST_SEATS = 400;

export function SeatMap({ venue, failed }: { venue: Venue; failed: string | null }) {
  const { nowMs } = venue;
  return (
    <>
      {eventsInOrder(venue, failed).map((event) => (
        <EventSeats key={event.id} event={event} nowMs={nowMs} hasFailed={event.id === failed} />
      ))}
    </>
  );
}

interface EventSeatsProps {
  event: EventShown;
  nowMs: number | null;
  hasFailed: boolean;
}

function EventSeats({ event, nowMs, hasFailed }: EventSeatsProps) {
  const seats = seatsOf(event, nowMs);
  const places = placesOf(event, nowMs);
  const isBad = hasFailed || isWrong(event, nowMs);
  const { uncertain } = event;
  const waiting = waitingWords(event);
  const money = moneyWords(event);
  const notes = [saleWords(event, nowMs), uncertain > 0 ? `${uncertain} uncertain` : ''].filter(Boolean);
  return (
    <section class={isBad ? 'event-seats event-seats-wrong' : 'event-seats'} aria-label={safeText(event.id)}>
      <h3>
        {isBad && '✖ '}
        {safeText(event.id)} {notes.length > 0 && <span class="dim">{notes.join(', ')}</span>}
      </h3>
      <ul class="seat-map">
        {seats.slice(0, MOST_SEATS).map((seat) => (
          <SeatItem key={seat.name} seat={seat} nowMs={nowMs} />
        ))}
      </ul>
      {seats.length > MOST_SEATS && (
        <p class="empty">and {formatNumber(seats.length - MOST_SEATS)} more seats</p>
      )}
      {places !== null && <p class={places.free < 0 ? 'seat-wrong' : ''}>{placesWords(places)}</p>}
      {waiting !== null && <p>{waiting.join('')}</p>}
      {money !== '' && <p class="seat-wrong">{money}</p>}
    </section>
  );
}

function SeatItem({ seat, nowMs }: { seat: Seat; nowMs: number | null }) {
  const { name, state } = seat;
  const told = seatWords(seat, nowMs);
  return (
    <li class={`seat seat-${state}`} title={told}>
      <span aria-hidden="true">
        {safeText(name)} <b>{SEAT_SIGNS[state]}</b> {seatTimeLeft(seat, nowMs)}
      </span>
      <span class="visually-hidden">{told}</span>
    </li>
  );
}
