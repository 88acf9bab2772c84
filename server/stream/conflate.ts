/** The stream for eyes on a thin link: the newest of the history, and how much of it was passed over. */
import { type Cursor, formatCursor, type SkippedFrame } from '../contract/index.ts';
import { type Epoch, epochAt } from '../db/epochs.ts';
import type { StoredEvent } from '../db/events.ts';
import { eventFrame, snapshotFrame } from './frames.ts';

/** The newest events that one flush carries; older ones that came since the last flush are passed over. */
export const THIN_EVENTS = 20;
/** Between two flushes. */
export const THIN_FLUSH_MS = 250;

/** Says that the events `from` to `to` were passed over. Its id lets a client go on behind them. */
export function skippedFrame(from: number, to: number, epoch: string | null): string {
  const data: SkippedFrame = { from, to, events: to - from + 1 };
  return `event: skipped\nid: ${formatCursor({ index: to, after: 'event', epoch })}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * The frames of one flush after `cursor`, and the cursor after them: the newest events and the newest
 * snapshot in the order of the history, and before each of them what was passed over on the way to it.
 * @param events the last ones, in order and without a gap among them
 */
export function conflate(
  cursor: Cursor,
  events: readonly StoredEvent[],
  snapshot: StoredEvent | null,
  epochs: readonly Epoch[],
): { frames: string[]; cursor: Cursor } {
  const frames: string[] = [];
  let after = cursor;
  const skipTo = (index: number) => {
    if (index <= after.index) return;
    const epoch = epochAt(epochs, index);
    frames.push(skippedFrame(after.index + 1, index, epoch));
    after = { index, after: 'event', epoch };
  };
  const takeSnapshot = (before: number) => {
    if (snapshot === null || snapshot.index >= before || snapshot.index < after.index) return;
    if (snapshot.index === after.index && after.after === 'snapshot') return;
    skipTo(snapshot.index);
    const epoch = epochAt(epochs, snapshot.index);
    frames.push(snapshotFrame(snapshot, epoch));
    after = { index: snapshot.index, after: 'snapshot', epoch };
  };
  for (const event of events) {
    if (event.index <= after.index) continue;
    takeSnapshot(event.index);
    skipTo(event.index - 1);
    const epoch = epochAt(epochs, event.index);
    frames.push(eventFrame(event, epoch));
    after = { index: event.index, after: 'event', epoch };
  }
  takeSnapshot(Number.POSITIVE_INFINITY);
  return { frames, cursor: after };
}
