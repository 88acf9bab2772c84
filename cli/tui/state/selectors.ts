/** Where the user stands in the views, told from the state. */

import type { CityState, RunEvent } from '../../../server/contract/index.ts';
import { eventAt } from '../../run/pages.ts';
import { shown } from '../../run/picture.ts';
import { eventOfStep } from '../../run/why-layout.ts';
import type { State } from './state.ts';

/** Rows that the list of the Events view has. */
export function eventsRows(state: State): number {
  const rows = state.size.rows - 4;
  return state.events.isOpen ? Math.max(3, Math.floor(rows * 0.4)) : rows;
}

/** First and last index that the list without a filter shows. */
export function eventsWindow(state: State): { top: number; bottom: number } {
  const newest = state.data.eventIndex;
  return windowAround(state.events.cursor ?? newest, eventsRows(state), newest);
}

/** A stretch of `rows` events with `cursor` in its middle, as far as there are events. */
export function windowAround(cursor: number, rows: number, newest: number): { top: number; bottom: number } {
  const top = Math.max(0, Math.min(cursor - Math.floor(rows / 2), newest - rows + 1));
  return { top, bottom: Math.min(newest, top + rows - 1) };
}

/** The event after which the Replay view shows the city. */
export function replayIndex(state: State): number {
  return state.replay.at ?? shown(state).eventIndex;
}

/** Events that the Replay view may show around its place. */
export function replayWindow(state: State): { top: number; bottom: number } {
  const newest = Math.max(state.data.eventIndex, state.replay.other?.run.live.eventIndex ?? 0);
  return windowAround(replayIndex(state), state.size.rows, newest);
}

/** The event with this index, from the pages or from what the stream brought; undefined while it is not loaded. */
export function knownEvent(state: State, index: number): RunEvent | undefined {
  const { events } = state.data;
  const first = events[0]?.index ?? 0;
  const streamed = events[index - first];
  if (streamed?.index === index) return streamed;
  return eventAt(state.pages, index);
}

/** The city after event `at`, or the nearest that is known while that is on its way; undefined: none is known. */
export function cityAt(cities: ReadonlyMap<number, CityState>, at: number): CityState | undefined {
  const exact = cities.get(at);
  if (exact !== undefined) return exact;
  let best: CityState | undefined;
  for (const city of cities.values()) {
    if (best === undefined || Math.abs(city.index - at) < Math.abs(best.index - at)) best = city;
  }
  return best;
}

/** The event at which the city is shown beside why it broke; null: no step is looked at. */
export function whyEvent({ explanation, whyStep }: State['forensics']): number | null {
  return explanation?.state === 'ready' && whyStep !== null ? eventOfStep(explanation.why, whyStep) : null;
}
