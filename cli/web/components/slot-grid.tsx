/** The city at an instant: each slot with its seats. */
import type { CityState } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';

/** More slots than that are told by their number. */
const MOST_SLOTS = 120;
/** More seats than that are drawn as a bar. */
const MOST_SEATS = 30;
type Slot = CityState['slots'][number];

export function SlotGrid({ city }: { city: CityState }) {
  const shown = city.slots.slice(0, MOST_SLOTS);
  if (city.slots.length === 0) return <p class="empty">This scenario has no slots to show.</p>;
  return (
    <>
      <ul class="slots">
        {shown.map((slot) => (
          <SlotCard key={slot.id} slot={slot} />
        ))}
      </ul>
      {city.slots.length > shown.length && (
        <p class="empty">and {formatNumber(city.slots.length - shown.length)} more slots</p>
      )}
    </>
  );
}

function SlotCard({ slot }: { slot: Slot }) {
  const { id, capacity, open, bookings, uncertain } = slot;
  const isOver = bookings.length > capacity;
  return (
    <li class={`slot${open ? '' : ' slot-closed'}${isOver ? ' slot-over' : ''}`}>
      <details>
        <summary>
          <span class="slot-name">{safeText(id)}</span>
          <span class="slot-count">
            {bookings.length}
            <span aria-hidden="true"> / </span>
            <span class="visually-hidden"> of </span>
            {capacity}
          </span>
          <Seats taken={bookings.length} capacity={capacity} />
          <span class="slot-note">
            {[open ? '' : 'closed', isOver ? 'overbooked' : '', uncertain > 0 ? `${uncertain} uncertain` : '']
              .filter(Boolean)
              .join(', ')}
          </span>
        </summary>
        <ul class="slot-bookings">
          {bookings.slice(0, 200).map((booking) => (
            <li key={booking.id}>
              {safeText(booking.citizen)} <code>{safeText(booking.id)}</code>
            </li>
          ))}
          {bookings.length === 0 && <li>nobody</li>}
        </ul>
      </details>
    </li>
  );
}

function Seats({ taken, capacity }: { taken: number; capacity: number }) {
  const count = Math.max(taken, capacity);
  if (count > MOST_SEATS || count === 0) {
    return <progress class="seats-bar" max={Math.max(1, capacity)} value={taken} aria-hidden="true" />;
  }
  const free = Math.max(0, capacity - taken);
  const over = Math.max(0, taken - capacity);
  return (
    <span class="seats" aria-hidden="true">
      {'■'.repeat(taken - over)}
      <span class="seats-free">{'□'.repeat(free)}</span>
      <span class="seats-over">{'■'.repeat(over)}</span>
    </span>
  );
}
