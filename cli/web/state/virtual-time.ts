/** The virtual time of an event that somebody points at. */
import { useEffect, useState } from 'preact/hooks';
import { api } from '../client/api.ts';
import { askForToken } from './session.ts';

/** A pointer that moves on sooner is not asked for. */
const REST_MS = 80;

/** In ms; null while it is not known, or where there is no event. */
export function useVirtualTime(runId: string, index: number | null): number | null {
  const [known, setKnown] = useState<{ index: number; virtualMs: number } | null>(null);
  useEffect(() => {
    if (index === null) return;
    const over = new AbortController();
    const ask = async () => {
      const [event] = (await api.events(runId, index, 1, over.signal)).events;
      if (event?.index === index) setKnown({ index, virtualMs: event.virtualMs });
    };
    const rested = setTimeout(() => ask().catch(askForToken), REST_MS);
    return () => {
      clearTimeout(rested);
      over.abort();
    };
  }, [runId, index]);
  return known !== null && known.index === index ? known.virtualMs : null;
}
