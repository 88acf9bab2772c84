/** One run on the screen: the stream, the keys, the clock and the server's answers in; pictures out. */
import { isTerminal, type TaskKind } from '../../server/contract/index.ts';
import { followInBatches } from '../client/stream.ts';
import { type Context, chartStyle } from '../process/context.ts';
import { outcomeOfData } from '../run/picture.ts';
import { type TaskWatch, tasksOf, watchTask } from '../run/task-watch.ts';
import { App } from './app.tsx';
import { perform } from './effects.ts';
import { createFetcher } from './fetcher.ts';
import { listenersFor } from './input/use-keys.ts';
import { createJobs } from './jobs.ts';
import { PICTURE_MS } from './painter.ts';
import { type Program, type Running, show } from './program.ts';
import { pump } from './pump.ts';
import type { WatchRequest } from './requests.ts';
import type { Screen } from './screen.ts';
import { needsOf } from './state/needs.ts';
import { type Action, reduce, type TaskAction } from './state/reducer.ts';
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

/** Shows the run until the user leaves it. Resolves to what is known of it then. */
export function watchRun(context: Context, screen: Screen, request: WatchRequest): Promise<State> {
  return show(context, screen, watchProgram(context, screen, request));
}

function watchProgram(context: Context, screen: Screen, request: WatchRequest): Program<State, Action> {
  const { api, run } = request;
  const newest = run.live.eventIndex;
  const streamFrom = newest > STREAMED_WHOLE ? newest - STREAMED_BEFORE : 0;
  const jobs = createJobs(api.connection);
  return {
    init: initOf(context, request, screen, streamFrom),
    update: reduce,
    view: (state, send) => <App state={state} {...listenersFor(send)} />,
    subscriptions: (running) => [
      context.onSignal(() => running.send({ type: 'intent', intent: 'interrupt' })),
      startTicking(running),
      stream(running, request, streamFrom),
      fetchNeeds(running, request),
      watchTasks(running, request),
      context.atExitSync(() => jobs.end()),
      () => jobs.end(),
    ],
    effects: (effect, { model, send }) =>
      perform({ api, screen, jobs, cwd: context.cwd, env: context.env, model, send }, effect),
    patience: patienceOf,
  };
}

function initOf(context: Context, request: WatchRequest, screen: Screen, streamFrom: number): State {
  const { run, owns, hosted, exitOnEnd, view, compareWith } = request;
  const init = initialState({
    ...{ run, owns, hosted, exitOnEnd, streamFrom },
    size: screen.size(),
    nowMs: Date.now(),
    charts: chartStyle(context.env),
    readOnly: request.readOnly === true,
    cameFromList: request.cameFromList === true,
    ...(view === undefined ? {} : { view }),
  });
  if (compareWith === undefined) return init;
  return { ...init, effects: [{ number: 1, do: 'compare', runId: compareWith }] };
}

type RunningWatch = Running<State, Action>;

/** What the server says of the run. */
function stream(
  { closing, send, fail }: RunningWatch,
  { api, run, thin }: WatchRequest,
  from: number,
): () => void {
  const batches = followInBatches({
    connection: api.connection,
    runId: run.id,
    from,
    signal: closing,
    lazy: true,
    mode: thin === true ? 'live' : 'auto',
  });
  pump({ batches, dispatch: send, now: Date.now, batchMs: PICTURE_MS }).catch(fail);
  // It ends when the program closes.
  return () => {};
}

/** Asks the server for what the state needs, after each change and from time to time. */
function fetchNeeds({ model, send, onChange }: RunningWatch, { api, run }: WatchRequest): () => void {
  const fetcher = createFetcher({
    api,
    runId: run.id,
    now: () => performance.now(),
    onAnswer: (need, answer) => send({ type: 'answer', need, answer }),
    onProblem: (text) => send({ type: 'notice', text }),
  });
  const want = () => {
    const { data, replay } = model();
    const isOver = data.end !== null && replay.other !== null && isTerminal(replay.other.run.status);
    fetcher.want(needsOf(model()), replay.other?.run.id ?? null, isOver);
  };
  const undo = onChange(want);
  const timer = setInterval(want, TICK_MS);
  want();
  return () => {
    undo();
    clearInterval(timer);
    fetcher.stop();
  };
}

/** Reads what was asked for of the run, from when it has ended; again after a command here may have done it. */
function watchTasks({ model, send, onChange }: RunningWatch, { api, run }: WatchRequest): () => void {
  const watches = new Map<TaskKind, TaskWatch>();
  let hadJob = false;
  const watch = <Kind extends TaskKind>(kind: Kind) =>
    watchTask(
      () => api.task(run.id, kind),
      (task) => send({ type: 'task', kind, task } as TaskAction),
    );
  const look = () => {
    const { data, job } = model();
    for (const kind of tasksOf(outcomeOfData(data))) {
      if (!watches.has(kind)) watches.set(kind, watch(kind));
    }
    const hasJob = job !== null && job.exitCode === null;
    if (hadJob && !hasJob) for (const each of watches.values()) each.look();
    hadJob = hasJob;
  };
  const undo = onChange(look);
  look();
  return () => {
    undo();
    for (const each of watches.values()) each.close();
  };
}

/** From so many events a second on nobody can read along, and half as many pictures tell as much. */
const FLOOD_PER_SECOND = 1_000;

/** How long the picture of an action may wait, in ms. */
function patienceOf({ type }: Action, { data: { eventsPerSecond } }: State): number {
  switch (type) {
    case 'stroke':
    case 'point':
    case 'intent':
    case 'open-run':
    case 'message':
    case 'resize':
    case 'compare':
      return 0;
    case 'answer':
    case 'task':
    case 'runs-read':
    case 'newest-campaign':
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

/** Time goes on by itself only while something on the screen depends on it. */
function startTicking({ model, send }: RunningWatch): () => void {
  const clock = setInterval(() => {
    if (model().data.end === null) send({ type: 'tick', nowMs: Date.now() });
  }, TICK_MS);
  const player = setInterval(() => {
    if (model().replay.isPlaying) send({ type: 'play', elapsedMs: PLAY_MS });
  }, PLAY_MS);
  return () => {
    clearInterval(clock);
    clearInterval(player);
  };
}
