/** Events that follow one another, as bytes: made once, stored and sent to every subscriber without being parsed again. */

/** JSON of events that follow one another, each as the API answers it. */
export interface EventBytes {
  /** Index of the first. */
  first: number;
  count: number;
  json: Buffer;
  /** Where in `json` each event starts and ends, two numbers an event. */
  spans: Uint32Array;
}

/** Events on their way into the database. */
export interface EventBlock extends EventBytes {
  /** Time of the first, as it is stored; '' when there is none. */
  firstAt: string;
  /** Rows of simcity_run_events in the text format of COPY. */
  rows: Buffer;
}

/** Events of which each is a text of its own. */
export function toEventBytes(events: readonly { index: number; json: string }[]): EventBytes {
  const spans = new Uint32Array(2 * events.length);
  let length = 0;
  for (const { json } of events) length += Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafeSlow(length);
  let end = 0;
  for (const [i, { json }] of events.entries()) {
    spans[2 * i] = end;
    end += bytes.write(json, end);
    spans[2 * i + 1] = end;
  }
  return { first: events[0]?.index ?? 0, count: events.length, json: bytes, spans };
}

/** Those from index `from` on; shares the memory. */
export function eventsFrom(events: EventBytes, from: number): EventBytes {
  const passed = Math.min(events.count, Math.max(0, from - events.first));
  if (passed === 0) return events;
  const { first, count, json, spans } = events;
  return { first: first + passed, count: count - passed, json, spans: spans.subarray(2 * passed) };
}

/** The last `count` of them as texts, which hold on to no more memory than they take. */
export function lastEvents(events: EventBytes, count: number): { index: number; json: string }[] {
  const texts: { index: number; json: string }[] = [];
  for (let i = Math.max(0, events.count - count); i < events.count; i++) {
    texts.push({
      index: events.first + i,
      json: events.json.toString('utf8', events.spans[2 * i], events.spans[2 * i + 1]),
    });
  }
  return texts;
}
