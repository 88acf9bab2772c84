/** One run on the screen: the stream, the keys, the clock and the server's answers in; pictures out. */
import { isTerminal } from '../../server/contract/index.ts';
import { followInBatches } from '../client/stream.ts';
import type { Context } from '../process/context.ts';
import { messageOf } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { App } from './app.tsx';
import { doErrand } from './errands.ts';
import { createFetcher } from './fetcher.ts';
import { createJobs } from './jobs.ts';
import { mount } from './mount.tsx';
import { createPainter, PICTURE_MS } from './painter.ts';
import { pump } from './pump.ts';
import type { WatchRequest } from './requests.ts';
import type { Screen } from './screen.ts';
import { needsOf } from './state/needs.ts';
import { type Action, reduce } from './state/reducer.ts';
import { initialState, type State } from './state/state.ts';

/** The clock and the heartbeat's age move that often when nothing else does, in ms. */
const TICK_MS = 500;
/** Playing goes on in such steps, in ms. */
const PLAY_MS = 100;
/** What the server answers is shown within so many ms: several answers make one picture. */
const ANSWER_MS = 16;
/** A longer history is not streamed whole: the views fetch what is looked at. */
const STREAMED_WHOLE = 20_000;
/** Events before the newest one that a long run's stream begins with. */
const STREAMED_BEFORE = 400;

/** Shows the run until the user leaves it. */
export async function watchRun(
  context: Context,
  screen: Screen,
  request: WatchRequest,
): Promise<{ state: State }> {
  const { api, run } = request;
  const newest = run.live.eventIndex;
  const streamFrom = newest > STREAMED_WHOLE ? newest - STREAMED_BEFORE : 0;
  const done = new AbortController();
  let state = initialState({
    run,
    size: screen.size(),
    nowMs: Date.now(),
    owns: request.owns,
    hosted: request.hosted,
    exitOnEnd: request.exitOnEnd,
    readOnly: request.readOnly === true,
    cameFromList: request.cameFromList === true,
    streamFrom,
    ...(request.view === undefined ? {} : { view: request.view }),
  });
  const dispatch = (action: Action) => {
    const before = state;
    state = reduce(state, action);
    if (state === before) return;
    if (state.stopRequested && !before.stopRequested) sendStop(request, dispatch);
    doErrands(before);
    if (state.leaving !== null && before.leaving === null) done.abort();
    painter.soon(patienceOf(action, state.data.eventsPerSecond));
    wantMore();
  };
  const doErrands = (before: State) => {
    const known = before.errands.at(-1)?.number ?? 0;
    for (const errand of state.errands) {
      if (errand.number > known)
        doErrand({ api, screen, jobs, cwd: context.cwd, state: () => state, dispatch }, errand);
    }
  };
  const fetcher = createFetcher({
    api,
    runId: run.id,
    snapshotEvery: run.config.snapshotEvery,
    now: () => performance.now(),
    onAnswer: (need, answer) => dispatch({ type: 'answer', need, answer }),
    onProblem: (text) => dispatch({ type: 'notice', text }),
  });
  const wantMore = () => {
    const other = state.replay.other;
    const isOver = state.data.end !== null && other !== null && isTerminal(other.run.status);
    fetcher.want(needsOf(state), other?.run.id ?? null, isOver);
  };
  const jobs = createJobs(api.connection);
  const app = () => <App state={state} onStroke={(stroke) => dispatch({ type: 'stroke', ...stroke })} />;
  const mounted = mount(screen, app());
  const painter = createPainter(() => mounted.draw(app()));
  const undo = [
    screen.onResize(() => {
      screen.invalidate();
      dispatch({ type: 'resize', size: screen.size() });
    }),
    context.onSignal(() => dispatch({ type: 'intent', intent: 'interrupt' })),
    startTicking(() => state, dispatch, wantMore),
    context.atExitSync(() => jobs.end()),
  ];
  const left = AbortSignal.any([done.signal, context.leaving]);
  const stream = followInBatches({
    connection: api.connection,
    runId: run.id,
    from: streamFrom,
    signal: left,
    lazy: true,
    mode: request.thin === true ? 'live' : 'auto',
  });
  if (request.compareWith !== undefined) {
    doErrand(
      { api, screen, jobs, cwd: context.cwd, state: () => state, dispatch },
      { number: 0, do: 'compare', runId: request.compareWith },
    );
  }
  wantMore();
  try {
    await Promise.race([
      pump({ batches: stream, dispatch, now: Date.now, batchMs: PICTURE_MS }).then(() => aborted(left)),
      aborted(left),
      mounted.crashed,
    ]);
  } finally {
    for (const each of undo) each();
    painter.cancel();
    fetcher.stop();
    jobs.end();
    mounted.unmount();
    done.abort();
  }
  return { state };
}

/** From so many events a second on nobody can read along, and half as many pictures tell as much. */
const FLOOD_PER_SECOND = 1_000;

/** How long the picture of an action may wait, in ms. */
function patienceOf({ type }: Action, eventsPerSecond: number): number {
  switch (type) {
    case 'stroke':
    case 'intent':
    case 'resize':
    case 'compare':
      return 0;
    case 'answer':
    case 'notice':
    case 'stop-failed':
      return ANSWER_MS;
    // Frames were gathered for as long already.
    case 'frames':
      return eventsPerSecond > FLOOD_PER_SECOND ? 2 * PICTURE_MS : ANSWER_MS;
    case 'play':
    case 'link':
    case 'job':
      return ANSWER_MS;
    case 'tick':
      return PICTURE_MS;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function sendStop(request: WatchRequest, dispatch: (action: Action) => void): void {
  request.api.stop(request.run.id, 'stopped from mission control').catch((error: unknown) => {
    dispatch({ type: 'stop-failed', text: `The stop did not get through: ${safeText(messageOf(error))}` });
  });
}

/** Time goes on by itself only while something on the screen depends on it. */
function startTicking(
  state: () => State,
  dispatch: (action: Action) => void,
  wantMore: () => void,
): () => void {
  const clock = setInterval(() => {
    if (state().data.end === null) dispatch({ type: 'tick', nowMs: Date.now() });
    wantMore();
  }, TICK_MS);
  const player = setInterval(() => {
    if (state().replay.isPlaying) dispatch({ type: 'play', elapsedMs: PLAY_MS });
  }, PLAY_MS);
  return () => {
    clearInterval(clock);
    clearInterval(player);
  };
}
