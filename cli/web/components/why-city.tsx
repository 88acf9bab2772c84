/** The city at a step of the why: the objects that the story is about. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { CityState, Why } from '../../../server/contract/index.ts';
import { formatNumber } from '../../run/format.ts';
import { api } from '../client/api.ts';
import { CityShown } from './city-shown.tsx';
import { Panel } from './panel.tsx';

interface WhyCityProps {
  runId: string;
  why: Why;
  /** The event after which it is shown. */
  event: number;
}

export function WhyCity({ runId, why, event }: WhyCityProps) {
  const [city, setCity] = useState<CityState | null>(null);
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    const over = new AbortController();
    api.city(runId, event, over.signal).then(
      (found) => {
        setCity(found);
        setMissing(false);
      },
      () => {
        if (!over.signal.aborted) setMissing(true);
      },
    );
    return () => over.abort();
  }, [runId, event]);
  const named = useMemo(() => wordsOf(why), [why]);
  if (isMissing) return <p class="empty">The city at event {formatNumber(event)} cannot be read.</p>;
  if (city === null) return <p class="empty">Folding the history up to here…</p>;
  return (
    <Panel title={`The city after event ${formatNumber(city.index)}`} class="city">
      <CityShown city={narrowed(city, named)} failed={null} />
    </Panel>
  );
}

/** The city with the objects that are named, or with all of a kind of which none is. */
function narrowed(city: CityState, named: ReadonlySet<string>): CityState {
  const { slots, calendars, venue } = city;
  const own = <Shown extends { id: string }>(all: Shown[]): Shown[] => {
    const found = all.filter(({ id }) => named.has(id));
    return found.length === 0 ? all : found;
  };
  return {
    ...city,
    slots: own(slots),
    ...(calendars && { calendars: { ...calendars, resources: own(calendars.resources) } }),
    ...(venue && { venue: { ...venue, events: own(venue.events) } }),
  };
}

/** All that the accused and their partners were asked with. */
function wordsOf({ lanes }: Why): Set<string> {
  return new Set(lanes.filter(({ role }) => role !== 'other').flatMap(({ words }) => words.split(/[\s,]+/)));
}
