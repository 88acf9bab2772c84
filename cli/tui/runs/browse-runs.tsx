/** The list of runs on the screen, until one is chosen or the user leaves. */
import { isTerminal, type Launch, type Run } from '../../../server/contract/index.ts';
import { pagePath } from '../../../server/contract/paths.ts';
import type { Api } from '../../client/api.ts';
import type { Context } from '../../process/context.ts';
import { messageOf } from '../../process/errors.ts';
import { safeText } from '../../run/sanitize.ts';
import { listenersFor } from '../input/use-keys.ts';
import { performOver } from '../over-effects.ts';
import { type Program, show } from '../program.ts';
import type { ListRequest, WatchRequest } from '../requests.ts';
import type { Screen } from '../screen.ts';
import type { Form } from './form.ts';
import { type RunsAction, reduceRuns } from './reducer.ts';
import { RunsApp } from './runs-app.tsx';
import { initialRuns, type RunsEffect, type RunsState } from './state.ts';

export interface BrowseRequest extends ListRequest {
  /** The run from which the list was opened; null when it stands for itself. */
  home: WatchRequest | null;
  /** The form that is open at once; null: none is. */
  form: Form | null;
}

/** Runs of a page. */
const PAGE = 50;
/** The newest campaigns, as many as there is room for. */
const CAMPAIGNS = 6;
/** The newest page is asked for again that often, in ms. */
const REFRESH_MS = 1_500;
const PATIENCE_MS = 50;
const INSTANT = ['stroke', 'point', 'resize', 'message'];

/** Resolves to the run or the campaign to show next; null: leave. */
export async function browseRuns(
  context: Context,
  screen: Screen,
  request: BrowseRequest,
): Promise<WatchRequest | { campaign: string } | null> {
  return nextOf(await show(context, screen, runsProgram(context, screen, request)), request);
}

function runsProgram(
  context: Context,
  screen: Screen,
  request: BrowseRequest,
): Program<RunsState, RunsAction> {
  const { api, home, readOnly } = request;
  const hosted = request.hosted() && home === null;
  return {
    init: initialRuns({
      size: screen.size(),
      nowMs: Date.now(),
      readOnly,
      hosted,
      hasHome: home !== null,
      form: request.form,
    }),
    update: reduceRuns,
    view: (state, send) => <RunsApp state={state} {...listenersFor(send)} />,
    subscriptions: ({ send }) => [
      context.onSignal(() => send({ type: 'interrupt' })),
      refresh(() => void readPage(api, undefined, send)),
      refresh(() => void readCampaigns(api, send)),
    ],
    effects: (effect, { model, send }) => perform({ ...request, env: context.env }, effect, model, send),
    patience: ({ type }) => (INSTANT.includes(type) ? 0 : PATIENCE_MS),
  };
}

/** At once, and then again and again. */
function refresh(read: () => void): () => void {
  read();
  const timer = setInterval(read, REFRESH_MS);
  return () => clearInterval(timer);
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

/** What is asked for to watch `run` from there. */
export function requestOf(
  run: Run,
  compareWith: string | null,
  { api, readOnly, home, hosted }: Pick<BrowseRequest, 'api' | 'readOnly' | 'home' | 'hosted'>,
): WatchRequest {
  const isHome = home !== null && home.run.id === run.id;
  return {
    api,
    run,
    owns: isHome && home.owns,
    // Leaving ends what runs here, whichever run is looked at.
    hosted: hosted(),
    exitOnEnd: false,
    readOnly,
    cameFromList: true,
    ...(compareWith === null ? {} : { compareWith, view: 'replay' as const }),
  };
}

/** Their place stays as it is while they cannot be read: the runs tell of a server that does not answer. */
async function readCampaigns(api: Api, send: (action: RunsAction) => void): Promise<void> {
  const page = await api.campaigns({ limit: CAMPAIGNS }).catch(() => null);
  if (page !== null) send({ type: 'campaigns', campaigns: page.campaigns });
}

async function readPage(
  api: Api,
  before: string | undefined,
  send: (action: RunsAction) => void,
): Promise<void> {
  try {
    const page = await api.runs({ limit: PAGE, ...(before === undefined ? {} : { before }) });
    send({
      type: 'page',
      runs: page.runs,
      next: page.next,
      isFirst: before === undefined,
      nowMs: Date.now(),
    });
  } catch (error) {
    send({ type: 'problem', text: safeText(messageOf(error)) });
  }
}

function perform(
  { api, onLaunched, runner, env }: BrowseRequest & Pick<Context, 'env'>,
  effect: RunsEffect,
  model: () => RunsState,
  send: (action: RunsAction) => void,
): void {
  switch (effect.do) {
    case 'more':
      void readPage(api, model().next ?? undefined, send);
      return;
    case 'stop':
      api.stop(effect.runId, 'stopped from mission control').catch((error: unknown) => {
        send({ type: 'notice', text: `The stop did not get through: ${safeText(messageOf(error))}` });
      });
      return;
    case 'launch':
      launch(api, { ...effect.launch, runner: runner?.() ?? undefined }, onLaunched).then(
        (run) => send({ type: 'launched', run }),
        (error: unknown) => send({ type: 'launch-failed', text: safeText(messageOf(error)) }),
      );
      return;
    default:
      performOver({ api, env, page: pagePath(null), send }, effect);
  }
}

async function launch(api: Api, wanted: Launch, onLaunched: ListRequest['onLaunched']): Promise<Run> {
  const run = await api.launch(wanted);
  await onLaunched?.(run);
  return run;
}
