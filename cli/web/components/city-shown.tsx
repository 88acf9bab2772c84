/** The city as its shape asks for: calendars, seats of events, or slots. */
import type { CityState } from '../../../server/contract/index.ts';
import { CalendarStrip } from './calendar-strip.tsx';
import { SeatMap } from './seat-map.tsx';
import { SlotGrid } from './slot-grid.tsx';

interface CityShownProps {
  city: CityState;
  /** The object that a checker found wrong; null: none. */
  failed: string | null;
}

export function CityShown({ city, failed }: CityShownProps) {
  if (city.calendars !== undefined) return <CalendarStrip calendars={city.calendars} failed={failed} />;
  if (city.venue !== undefined) return <SeatMap venue={city.venue} failed={failed} />;
  return <SlotGrid city={city} />;
}
