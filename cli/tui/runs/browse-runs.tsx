/** The list of runs on the screen, until one is chosen or the user leaves. */
import { isTerminal, type Launch, type Run } from '../../../server/contract/index.ts';
import type { Api } from '../../client/api.ts';
import type { Context } from '../../process/context.ts';
import { messageOf } from '../../process/errors.ts';
import { safeText } from '../../run/sanitize.ts';
import { mount } from '../mount.tsx';
import { createPainter } from '../painter.ts';
import type { ListRequest, WatchRequest } from '../requests.ts';
import type { Screen } from '../screen.ts';
import { type RunsAction, reduceRuns } from './reducer.ts';
import { RunsApp } from './runs-app.tsx';
import { initialRuns, type RunsErrand, type RunsState } from './state.ts';

export interface BrowseRequest extends ListRequest {
  /** The run from which the list was opened; null when it stands for itself. */
  home: WatchRequest | null;
}

/** Runs of a page. */
const PAGE = 50;
/** The newest page is asked for again that often, in ms. */
const REFRESH_MS = 1_500;
const PATIENCE_MS = 50;

/** Resolves to the run or the campaign to show next; null: leave. */
export async function browseRuns(
  context: Context,
  screen: Screen,
  request: BrowseRequest,
): Promise<WatchRequest | { campaign: string } | null> {
  const { api, home, readOnly } = request;
  const hosted = request.hosted && home === null;
  const done = new AbortController();
  let state = initialRuns({
    size: screen.size(),
    nowMs: Date.now(),
    readOnly,
    hosted,
    hasHome: home !== null,
  });
  const dispatch = (action: RunsAction) => {
    const before = state;
    state = reduceRuns(state, action);
    if (state === before) return;
    const known = before.errands.at(-1)?.number ?? 0;
    for (const errand of state.errands)
      if (errand.number > known) doErrand(request, errand, () => state, dispatch);
    if (state.leaving !== null) done.abort();
    painter.soon(action.type === 'stroke' || action.type === 'resize' ? 0 : PATIENCE_MS);
  };
  const app = () => <RunsApp state={state} onStroke={(stroke) => dispatch({ type: 'stroke', ...stroke })} />;
  const mounted = mount(screen, app());
  const painter = createPainter(() => mounted.draw(app()));
  const refresh = setInterval(() => void readPage(api, undefined, dispatch), REFRESH_MS);
  void readPage(api, undefined, dispatch);
  const undo = [
    screen.onResize(() => {
      screen.invalidate();
      dispatch({ type: 'resize', size: screen.size() });
    }),
    context.onSignal(() => dispatch({ type: 'interrupt' })),
    () => clearInterval(refresh),
  ];
  const left = AbortSignal.any([done.signal, context.leaving]);
  try {
    await Promise.race([aborted(left), mounted.crashed]);
  } finally {
    for (const each of undo) each();
    painter.cancel();
    mounted.unmount();
  }
  return nextOf(state, request);
}

function nextOf({ leaving }: RunsState, request: BrowseRequest): WatchRequest | { campaign: string } | null {
  const { home } = request;
  if (leaving === null) return null;
  if (leaving.to === 'run') return requestOf(leaving.run, leaving.compareWith, request);
  if (leaving.to === 'campaign') return { campaign: leaving.name };
  if (leaving.to === 'back') return home;
  // What is hosted for a run that goes on is not left without a question, which its own view asks.
  return home?.hosted === true && !isTerminal(home.run.status) ? home : null;
}

function requestOf(
  run: Run,
  compareWith: string | null,
  { api, readOnly, home, hosted }: BrowseRequest,
): WatchRequest {
  const isHome = home !== null && home.run.id === run.id;
  return {
    api,
    run,
    owns: isHome && home.owns,
    // Leaving takes the server down whichever run is looked at.
    hosted,
    exitOnEnd: false,
    readOnly,
    cameFromList: true,
    ...(compareWith === null ? {} : { compareWith, view: 'replay' as const }),
  };
}

async function readPage(
  api: Api,
  before: string | undefined,
  dispatch: (action: RunsAction) => void,
): Promise<void> {
  try {
    const page = await api.runs({ limit: PAGE, ...(before === undefined ? {} : { before }) });
    dispatch({
      type: 'page',
      runs: page.runs,
      next: page.next,
      isFirst: before === undefined,
      nowMs: Date.now(),
    });
  } catch (error) {
    dispatch({ type: 'problem', text: safeText(messageOf(error)) });
  }
}

function doErrand(
  { api, onLaunched }: BrowseRequest,
  errand: RunsErrand,
  state: () => RunsState,
  dispatch: (action: RunsAction) => void,
): void {
  switch (errand.do) {
    case 'more':
      void readPage(api, state().next ?? undefined, dispatch);
      return;
    case 'stop':
      api.stop(errand.runId, 'stopped from mission control').catch((error: unknown) => {
        dispatch({ type: 'notice', text: `The stop did not get through: ${safeText(messageOf(error))}` });
      });
      return;
    case 'launch':
      launch(api, errand.launch, onLaunched).then(
        (run) => dispatch({ type: 'launched', run }),
        (error: unknown) => dispatch({ type: 'launch-failed', text: safeText(messageOf(error)) }),
      );
  }
}

async function launch(api: Api, wanted: Launch, onLaunched: ListRequest['onLaunched']): Promise<Run> {
  const run = await api.launch(wanted);
  await onLaunched?.(run);
  return run;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
