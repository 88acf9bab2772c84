/** Gathers what a stream brings and hands it on in batches, so that a picture is drawn a few times a second at most. */
import type { Frame } from '../../server/contract/index.ts';
import type { StreamItem } from '../client/stream.ts';
import type { Action } from './state/reducer.ts';

export interface PumpOptions {
  batches: AsyncIterable<readonly StreamItem[]>;
  dispatch: (action: Action) => void;
  now: () => number;
  /** Shortest time between two batches, in ms. */
  batchMs: number;
}

/** More than that in one batch is folded early, to keep memory flat; a picture follows at its time. */
const LARGEST_BATCH = 5_000;

/** Pumps until the stream is over. @throws what the stream throws. */
export async function pump({ batches, dispatch, now, batchMs }: PumpOptions): Promise<void> {
  let frames: Frame[] = [];
  let timer: NodeJS.Timeout | null = null;
  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (frames.length === 0) return;
    const batch = frames;
    frames = [];
    dispatch({ type: 'frames', frames: batch, nowMs: now() });
  };
  try {
    for await (const items of batches) {
      for (const item of items) {
        if (item.kind === 'frame') {
          frames.push(item.frame);
          continue;
        }
        flush();
        dispatch({ type: 'link', link: item.link });
      }
      if (frames.length >= LARGEST_BATCH) flush();
      else if (frames.length > 0) timer ??= setTimeout(flush, batchMs);
    }
  } finally {
    flush();
  }
}
