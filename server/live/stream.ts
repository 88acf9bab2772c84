/** Serves one subscriber of a run's stream: stored history first, then what is committed, then the end. */
import type { ServerResponse } from 'node:http';
import { type Cursor, isTerminal, type StreamMode } from '../contract/index.ts';
import type { LiveState } from '../db/live.ts';
import { LIVE_FLUSH_MS } from './conflate.ts';
import { endFrame, heartbeatFrame, resetFrame } from './frames.ts';
import type { History, HistoryPage } from './history.ts';
import type { Hub, Subscription } from './hub.ts';

const HEARTBEAT_MS = 1_000;
/** The safety net for commits of which no notification came. */
const POLL_MS = 500;
/** A reader that takes nothing for so long is cut; it can come back and go on from where it was. */
const STALLED_MS = 15_000;
/** After a first wake-up, so much time for others to join in: many small batches make one write. */
const COALESCE_MS = 5;
const KEEP_ALIVE_MS = 30_000;

export interface StreamOptions {
  runId: string;
  cursor: Cursor;
  mode: StreamMode;
  history: History;
  hub: Hub;
  /** Aborted when the server stops. */
  stopping: AbortSignal;
}

/**
 * Resolves when the stream is over: the run has ended, the reader left or stalled, or the server
 * stops. The page being written is all that is held in memory for it.
 */
export async function serveStream(out: ServerResponse, options: StreamOptions): Promise<void> {
  const subscription = options.hub.subscribe(options.runId);
  const leave = () => subscription.close();
  out.once('close', leave);
  out.on('error', leave);
  options.stopping.addEventListener('abort', leave);
  try {
    out.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
      Connection: 'keep-alive',
    });
    out.socket?.setNoDelay(true);
    out.socket?.setKeepAlive(true, KEEP_ALIVE_MS);
    await follow(out, options, subscription);
    if (options.stopping.aborted) await send(out, `retry: ${500 + Math.floor(Math.random() * 1_500)}\n\n`);
    out.end();
  } catch (error) {
    // The status is sent already: a cut connection is the one way to say that something failed.
    out.destroy();
    throw error;
  } finally {
    options.stopping.removeEventListener('abort', leave);
    leave();
  }
}

async function follow(
  out: ServerResponse,
  options: StreamOptions,
  subscription: Subscription,
): Promise<void> {
  const { runId, history, stopping } = options;
  let { cursor } = options;
  let nextHeartbeat = Number.NEGATIVE_INFINITY;
  while (!out.destroyed && !stopping.aborted) {
    const seen = subscription.version;
    // Read before the history: when it says that the run has ended, the history read next is whole.
    const live = await history.live(runId, seen);
    if (live === null) {
      await send(out, resetFrame(runId));
      return;
    }
    const now = performance.now();
    if (now >= nextHeartbeat) {
      if (!(await send(out, heartbeatFrame(live, new Date())))) return;
      nextHeartbeat = now + HEARTBEAT_MS;
    }
    const page = mayHaveMore(live, cursor) ? await read(options, cursor, live, seen) : null;
    for (const chunk of page?.chunks ?? []) if (!(await send(out, chunk))) return;
    cursor = page?.cursor ?? cursor;
    if (page && !page.drained) continue;
    const end = endFrame(live);
    if (end !== null) {
      // The history of a run that has ended is whole, unless the run was removed while it was read.
      await send(out, cursor.index < live.eventIndex ? resetFrame(runId) : end);
      return;
    }
    await subscription.changed(seen, Math.min(POLL_MS, nextHeartbeat - performance.now()));
    const pauseMs = options.mode === 'live' ? LIVE_FLUSH_MS : COALESCE_MS;
    if (subscription.version !== seen) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function read(options: StreamOptions, cursor: Cursor, live: LiveState, seen: number): Promise<HistoryPage> {
  const { history, runId, mode } = options;
  return mode === 'live' ? history.newest(runId, cursor, live.eventIndex) : history.read(runId, cursor, seen);
}

function mayHaveMore(live: LiveState, cursor: Cursor): boolean {
  return live.eventIndex > cursor.index || isTerminal(live.status);
}

/** Writes and waits until the reader can take more. False: it is gone, or was cut since it took nothing. */
async function send(out: ServerResponse, chunk: Buffer | string): Promise<boolean> {
  if (out.destroyed) return false;
  if (out.write(chunk)) return true;
  const drained = await new Promise<boolean>((resolve) => {
    const settle = (value: boolean) => {
      clearTimeout(timer);
      out.off('drain', onDrain);
      out.off('close', onClose);
      resolve(value);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    const timer = setTimeout(() => settle(false), STALLED_MS);
    out.once('drain', onDrain);
    out.once('close', onClose);
  });
  if (!drained) out.destroy();
  return drained;
}
