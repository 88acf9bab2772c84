/** The slots of the city after an event. */
import type { CityState } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import { framed, innerSize } from '../components/frame.ts';
import { isOver, slotGrid } from '../components/slot-grid.ts';
import { DIM, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { cityAt } from '../state/selectors.ts';

interface CityPaneProps {
  cities: ReadonlyMap<number, CityState>;
  at: number;
}

export const CityPane = pane<CityPaneProps>('CityPane', ({ cities, at }, { width, height }) => {
  const inner = innerSize(width, height);
  const city = cityAt(cities, at);
  if (city === undefined) {
    return framed({ title: 'City', width, height }, [[span(at < 0 ? 'no event yet' : 'loading', DIM)]]);
  }
  const booked = city.slots.reduce((sum, { bookings }) => sum + bookings.length, 0);
  const room = city.slots.reduce((sum, { capacity }) => sum + capacity, 0);
  const over = city.slots.filter(isOver).length;
  return framed(
    {
      title: over === 0 ? 'City' : `City  ${over} ${over === 1 ? 'slot' : 'slots'} over capacity`,
      ...(over === 0 ? {} : { color: 'red' as const }),
      aside: `${formatNumber(booked)} acknowledged, ${formatNumber(room)} seats`,
      // While the exact one is on its way, the nearest is shown and says so.
      footLeft: city.index === at ? '' : `after event ${formatNumber(city.index)}`,
      footRight: width > 60 ? '✖ closed  ?n under way' : '',
      width,
      height,
    },
    slotGrid(city.slots, inner.width, inner.height),
  );
});
