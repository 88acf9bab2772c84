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
import { type Epoch, epochAt } from '../db/epochs.ts';
import type { StoredEvent } from '../db/events.ts';
import type { StoredLive } from '../db/live.ts';
import type { EventBytes } from '../ingest/event-block.ts';
import { FRAME_END, type Frame } from './chunk.ts';

/** A frame of history with the place in the stream that it leads to: 2N after event N, 2N + 1 after its snapshot. */
export interface StoredFrame extends Frame {
  place: number;
}

/** @param epoch of its event, as everywhere here */
export function eventFrame({ index, json }: StoredEvent, epoch: string | null): string {
  return `${eventHead(index, epoch)}${json}${FRAME_END}`;
}

export function snapshotFrame({ index, json }: StoredEvent, epoch: string | null): string {
  return `${snapshotHead(index, epoch)}${json}${FRAME_END}`;
}

function eventHead(index: number, epoch: string | null): string {
  return `event: event\nid: ${formatCursor({ index, after: 'event', epoch })}\ndata: `;
}

function snapshotHead(index: number, epoch: string | null): string {
  return `event: snapshot\nid: ${formatCursor({ index, after: 'snapshot', epoch })}\ndata: `;
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

const RESETS: Record<ResetFrame['code'], string> = {
  pruned: 'was removed with its history.',
  history_lost:
    'has lost the newest of its history: the database went on from an older state. Forget what came; what is stored follows.',
};

/** For whoever has read what is not stored any more. Its id is empty: who comes back after it has read nothing. */
export function resetFrame(runId: string, code: ResetFrame['code']): string {
  const data: ResetFrame = { code, message: `Run ${runId} ${RESETS[code]}` };
  return `event: reset\nid:\ndata: ${JSON.stringify(data)}\n\n`;
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
  const index = Math.max(eventIndex, 0);
  const id = formatCursor({ index, after: 'end', epoch: epochAt(live.epochs, index) });
  return `event: end\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Events and the snapshots that follow them, in the order of the stream, and the cursor after them.
 * A snapshot of the event at which the cursor stands comes first. `epochs` are those of the history up to there.
 */
export function mergeFrames(
  cursor: Cursor,
  events: readonly EventBytes[],
  snapshots: readonly StoredEvent[],
  epochs: readonly Epoch[],
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
    const epoch = epochAt(epochs, index);
    const head = snapshotHead(index, epoch);
    frames.push({ place: 2 * index + 1, head, json, start: 0, end: json.length });
    after = { index, after: 'snapshot', epoch };
  };
  takeSnapshot(cursor.index);
  for (const { first, count, json, spans } of events) {
    for (let i = 0; i < count; i++) {
      const index = first + i;
      const start = spans[2 * i] as number;
      const end = spans[2 * i + 1] as number;
      const epoch = epochAt(epochs, index);
      frames.push({ place: 2 * index, head: eventHead(index, epoch), json, start, end });
      after = { index, after: 'event', epoch };
      takeSnapshot(index);
    }
  }
  return { frames, cursor: after };
}
