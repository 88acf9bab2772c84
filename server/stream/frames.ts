/** The text of the stream's frames. */
import {
  type Cursor,
  type EndFrame,
  formatCursor,
  type HeartbeatFrame,
  isTerminal,
  passOf,
  type ResetFrame,
  splitReached,
} from '../contract/index.ts';
import type { StoredEvent } from '../db/events.ts';
import type { StoredLive } from '../db/live.ts';
import type { EventBytes } from '../ingest/event-block.ts';
import { FRAME_END, type Frame } from './chunk.ts';

/** A frame of history with the place in the stream that it leads to: 2N after event N, 2N + 1 after its snapshot. */
export interface StoredFrame extends Frame {
  place: number;
}

export function eventFrame({ index, json }: StoredEvent): string {
  return `${eventHead(index)}${json}${FRAME_END}`;
}

export function snapshotFrame({ index, json }: StoredEvent): string {
  return `${snapshotHead(index)}${json}${FRAME_END}`;
}

function eventHead(index: number): string {
  return `event: event\nid: ${index}\ndata: `;
}

function snapshotHead(index: number): string {
  return `event: snapshot\nid: ${formatCursor({ index, after: 'snapshot' })}\ndata: `;
}

/** Carries no id: it is no part of the history. */
export function heartbeatFrame(live: StoredLive, at: Date): string {
  const { status, eventIndex, metrics, eventsPerSecond, heartbeatAt } = live;
  const told = splitReached(JSON.parse(metrics));
  const frame: HeartbeatFrame = {
    ...{ status, eventIndex, metrics: told.metrics, eventsPerSecond, heartbeatAt, at: at.toISOString() },
    ...(told.reached === null ? {} : { reached: told.reached }),
  };
  return `event: heartbeat\ndata: ${JSON.stringify(frame)}\n\n`;
}

/** For who reads the history of a run that is removed meanwhile: there is no more of it. Carries no id. */
export function resetFrame(runId: string): string {
  const data: ResetFrame = { code: 'pruned', message: `Run ${runId} was removed with its history.` };
  return `event: reset\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Null while the run has not ended. */
export function endFrame(live: StoredLive): string | null {
  const { status, eventIndex, failure, stopReason } = live;
  if (!isTerminal(status)) return null;
  const data: EndFrame = {
    status,
    pass: passOf(status),
    eventIndex,
    durationSecondsActual: live.durationSecondsActual ?? 0,
    failure,
    stopReason,
  };
  const id = formatCursor({ index: Math.max(eventIndex, 0), after: 'end' });
  return `event: end\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Events and the snapshots that follow them, in the order of the stream, and the cursor after them.
 * A snapshot of the event at which the cursor stands comes first.
 */
export function mergeFrames(
  cursor: Cursor,
  events: readonly EventBytes[],
  snapshots: readonly StoredEvent[],
): { frames: StoredFrame[]; cursor: Cursor } {
  const frames: StoredFrame[] = [];
  let after: Cursor = cursor;
  let next = 0;
  const takeSnapshot = (index: number) => {
    const snapshot = snapshots[next];
    if (snapshot?.index !== index) return;
    next += 1;
    if (after.index === index && after.after === 'snapshot') return;
    const json = Buffer.from(snapshot.json);
    frames.push({ place: 2 * index + 1, head: snapshotHead(index), json, start: 0, end: json.length });
    after = { index, after: 'snapshot' };
  };
  takeSnapshot(cursor.index);
  for (const { first, count, json, spans } of events) {
    for (let i = 0; i < count; i++) {
      const index = first + i;
      const start = spans[2 * i] as number;
      const end = spans[2 * i + 1] as number;
      frames.push({ place: 2 * index, head: eventHead(index), json, start, end });
      after = { index, after: 'event' };
      takeSnapshot(index);
    }
  }
  return { frames, cursor: after };
}
