/** The objects of the city after an event. */
import type { CityState } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import { type CityLooks, cityPicture } from '../components/city-picture.ts';
import { framed, innerSize } from '../components/frame.ts';
import { DIM, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { cityAt } from '../state/selectors.ts';

interface CityPaneProps extends Pick<CityLooks, 'failed' | 'scroll' | 'day'> {
  cities: ReadonlyMap<number, CityState>;
  at: number;
}

export const CityPane = pane<CityPaneProps>(
  'CityPane',
  ({ cities, at, failed, scroll, day }, { width, height }) => {
    const city = cityAt(cities, at);
    if (city === undefined) {
      return framed({ title: 'City', width, height }, [[span(at < 0 ? 'no event yet' : 'loading', DIM)]]);
    }
    const { wrong, aside, legend, place, lines } = cityPicture(city, {
      ...{ failed, scroll, day },
      ...innerSize(width, height),
    });
    return framed(
      {
        title: wrong === '' ? 'City' : `City  ${wrong}`,
        ...(wrong === '' ? {} : { color: 'red' as const }),
        aside,
        // While the exact one is on its way, the nearest is shown and says so.
        footLeft: city.index === at ? place : `after event ${formatNumber(city.index)}`,
        footRight: width > 60 ? legend : '',
        width,
        height,
      },
      lines,
    );
  },
);
