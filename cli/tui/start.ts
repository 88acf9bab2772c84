/** Mounts mission control on a terminal, runs it to its end, and always restores the terminal. */

import { followRun } from '../client/stream.ts';
import type { FollowRequest } from '../commands/follow.ts';
import { type Context, wantsColor } from '../context.ts';
import { EXIT, messageOf } from '../errors.ts';
import { formatNumber } from '../format.ts';
import { paintStatus, styleFor } from '../output/style.ts';
import { exitCodeOf, metricsText, summaryText } from '../output/verdict.ts';
import { safeText } from '../safe-text.ts';
import { pump } from './pump.ts';
import { createScreen } from './screen.ts';
import { type Action, reduce } from './state/reducer.ts';
import { initialState, type State } from './state/state.ts';

/** A picture at most every so many ms: 12 a second. */
const PICTURE_MS = 80;
/** The clock and the heartbeat's age move that often when nothing else does. */
const TICK_MS = 500;

/** Shows the run until the user leaves. Resolves to the exit code. @throws CliError when the server refuses. */
export async function missionControl(context: Context, request: FollowRequest): Promise<number> {
  if (!wantsColor(context, 'stdout')) process.env['FORCE_COLOR'] = '0';
  const { mount } = await import('./mount.tsx');
  const screen = createScreen(process.stdout);
  const done = new AbortController();
  let state = initialState({
    run: request.run,
    size: screen.size(),
    nowMs: Date.now(),
    owns: request.owns,
    hosted: request.hosted,
    exitOnEnd: request.exitOnEnd,
  });
  const dispatch = (action: Action) => {
    const before = state;
    state = reduce(state, action);
    if (state === before) return;
    if (state.stopRequested && !before.stopRequested) sendStop(request, dispatch);
    if (state.leaving !== null && before.leaving === null) done.abort();
    paint.soon(action.type === 'intent' || action.type === 'resize');
  };
  const restored = context.atExitSync(() => {
    screen.leave();
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
  });
  screen.enter();
  const mounted = mount(screen, state, (intent) => dispatch({ type: 'intent', intent }));
  const paint = createPainter(() => mounted.draw(state));
  const undo = [
    screen.onResize(() => {
      screen.invalidate();
      dispatch({ type: 'resize', size: screen.size() });
    }),
    context.onSignal(() => dispatch({ type: 'intent', intent: 'interrupt' })),
    startTicking(() => state, dispatch),
  ];
  const left = AbortSignal.any([done.signal, context.leaving]);
  const stream = followRun({ connection: request.api.connection, runId: request.run.id, signal: left });
  try {
    await Promise.race([
      pump({ items: stream, dispatch, now: Date.now, batchMs: PICTURE_MS }).then(() => aborted(left)),
      aborted(left),
      mounted.crashed,
    ]);
  } finally {
    for (const each of undo) each();
    paint.cancel();
    mounted.unmount();
    restored();
    screen.leave();
    done.abort();
  }
  await context.out(lastPicture(state, context));
  if (state.data.end) return exitCodeOf(state.data.end);
  return EXIT.interrupted;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function sendStop(request: FollowRequest, dispatch: (action: Action) => void): void {
  request.api.stop(request.run.id, 'stopped from mission control').catch((error: unknown) => {
    dispatch({ type: 'stop-failed', text: `The stop did not get through: ${safeText(messageOf(error))}` });
  });
}

/** Draws at most every PICTURE_MS, and at once after a key. */
function createPainter(draw: () => void): { soon(atOnce: boolean): void; cancel(): void } {
  let timer: NodeJS.Timeout | null = null;
  let cancelled = false;
  const now = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (!cancelled) draw();
  };
  return {
    soon(atOnce) {
      if (atOnce) queueMicrotask(now);
      else timer ??= setTimeout(now, PICTURE_MS);
    },
    cancel() {
      cancelled = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** Time goes on by itself only while something on the screen depends on it. */
function startTicking(state: () => State, dispatch: (action: Action) => void): () => void {
  const timer = setInterval(() => {
    if (state().data.end === null) dispatch({ type: 'tick', nowMs: Date.now() });
  }, TICK_MS);
  return () => clearInterval(timer);
}

/** What stays on the normal screen: the verdict, or how the run stood and how to see it again. */
function lastPicture(state: State, context: Context): string {
  const style = styleFor(wantsColor(context, 'stdout'));
  const { data } = state;
  if (data.end) return summaryText(data.run, data.end, data.metrics, style);
  const head = `${paintStatus(style, data.status)}  event ${formatNumber(data.eventIndex)}  ${style.dim(metricsText(data.metrics))}`;
  const next = state.hosted ? '' : `  it goes on; see it again: simcity watch ${data.run.id}\n`;
  return `${head}\n${next}`;
}
