/** Runs mission control on a terminal: a run or the list of runs, until the user leaves; always restores the terminal. */

import { isTerminal } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { rereadRun } from '../client/reread.ts';
import { paintOutcome, styleFor } from '../output/style.ts';
import { exitCodeOf, metricsText, summaryText, verdictOf } from '../output/verdict.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { formatNumber } from '../run/format.ts';
import { outcomeOfData } from '../run/picture.ts';
import { loadViews, type OpenScreen, openScreen } from './open-screen.ts';
import type { Launching, ListRequest, WatchRequest } from './requests.ts';
import type { BrowseRequest } from './runs/browse-runs.tsx';
import { EMPTY_FORM, type Form, formOf } from './runs/form.ts';
import type { Screen } from './screen.ts';
import type { State } from './state/state.ts';

/** The screen, when it is open already. */
interface Opened {
  opened?: OpenScreen | undefined;
}

/** Shows the run until the user leaves. Resolves to the exit code. @throws CliError when the server refuses. */
export async function missionControl(context: Context, request: WatchRequest & Opened): Promise<number> {
  let last: State | null = null;
  await withScreen(context, request.opened, async (screen, { watchRun, browseRuns, requestOf }) => {
    let next: WatchRequest | null = request;
    while (next !== null) {
      const state: State = await watchRun(context, screen, next);
      // Looked at again, a run that has ended has to say so again; what is known of its end stays.
      const isKnown = last !== null && (last as State).data.end !== null;
      if (state.data.run.id === request.run.id && !isKnown) last = state;
      if (!isOnward(state.leaving)) return;
      if (state.leaving === 'campaign') {
        await showCampaign(context, screen, request.api, state.nextCampaign);
        next = await refreshed(next);
        continue;
      }
      const list: BrowseRequest = {
        api: request.api,
        form: formAfter(state),
        readOnly: request.readOnly === true,
        home: request,
        hosted: () => request.hosted,
        ...launchingOf(request),
        dataDir: undefined,
      };
      if (state.nextRun !== null) {
        next = await refreshed(requestOf(state.nextRun, null, list));
        continue;
      }
      const chosen: WatchRequest | null = await chooseRun(context, screen, browseRuns, list);
      next = chosen === null ? null : await refreshed(chosen);
    }
  });
  if (last === null) return EXIT.pass;
  const seen: State = last;
  const { state, isReached } = await withRunAtEnd(request.api, seen);
  await context.out(lastPicture(state, isReached, request.tookOver?.() ?? false, context));
  // Who leaves at once is told 130, also where the run is stopped by now.
  const verdict = state.data.end ?? verdictOf(seen.data.run);
  return verdict === null ? EXIT.interrupted : exitCodeOf(verdict);
}

function launchingOf({ runner, onLaunched }: WatchRequest): Launching {
  return { ...(runner && { runner }), ...(onLaunched && { onLaunched }) };
}

/** With the run as it was stored at its end, which a screen that left at once has not read yet. */
async function withRunAtEnd(api: Api, state: State): Promise<{ state: State; isReached: boolean }> {
  const { data } = state;
  if (data.end !== null && isTerminal(data.run.status)) return { state, isReached: true };
  const run = await rereadRun(api, data.run);
  const isReached = run !== data.run;
  // How it stands is told by its end, else by what is stored by now: a stop may have come on its way.
  const status = data.end === null && isReached ? run.status : data.status;
  return { state: { ...state, data: { ...data, run, status } }, isReached };
}

/** The list, and the campaigns that are looked at from it, until a run is chosen; null: leave. */
async function chooseRun(
  context: Context,
  screen: Screen,
  browseRuns: Views['browseRuns'],
  asked: BrowseRequest,
): Promise<WatchRequest | null> {
  for (let request = asked; ; ) {
    const chosen = await browseRuns(context, screen, request);
    if (chosen === null || !('campaign' in chosen)) return chosen;
    await showCampaign(context, screen, request.api, chosen.campaign, request.dataDir);
    request = { ...request, form: null };
  }
}

/** Whether what was looked at gives way to something else on the screen. */
function isOnward(leaving: State['leaving']): boolean {
  return leaving !== null && leaving !== 'quit' && leaving !== 'interrupt';
}

/** The form that the list opens with, as it was asked for. */
function formAfter({ leaving, data }: State): Form | null {
  if (leaving === 'again') return formOf(data.run);
  return leaving === 'launch' ? EMPTY_FORM : null;
}

/** A campaign, until it is left; none: nothing is shown. */
async function showCampaign(
  context: Context,
  screen: Screen,
  api: Api,
  name: string | null,
  dataDir?: string,
): Promise<void> {
  if (name === null) return;
  const { showStored } = await import('./campaign/stored.ts');
  await showStored(context, screen, api, name, dataDir);
}

/** The run as it stands by now; as it was when the server does not answer. */
async function refreshed(request: WatchRequest): Promise<WatchRequest> {
  return { ...request, run: await request.api.run(request.run.id).catch(() => request.run) };
}

type Views = Awaited<ReturnType<typeof loadViews>>;

/** Shows the list of runs until the user leaves. Resolves to the exit code. */
export async function runsControl(context: Context, request: ListRequest & Opened): Promise<number> {
  await withScreen(context, request.opened, async (screen, { watchRun, browseRuns, requestOf }) => {
    let list: BrowseRequest = { ...request, form: null, home: null };
    let next = await chooseRun(context, screen, browseRuns, list);
    while (next !== null) {
      const state: State = await watchRun(context, screen, next);
      if (!isOnward(state.leaving)) return;
      if (state.leaving === 'campaign') await showCampaign(context, screen, request.api, state.nextCampaign);
      list = { ...list, form: formAfter(state) };
      next =
        state.nextRun === null
          ? await chooseRun(context, screen, browseRuns, list)
          : requestOf(state.nextRun, null, list);
    }
  });
  return EXIT.pass;
}

/** Uses the screen that is open, or opens one; leaves it whatever happens. */
async function withScreen(
  context: Context,
  opened: OpenScreen | undefined,
  show: (screen: Screen, views: Views) => Promise<void>,
): Promise<void> {
  const open = opened ?? (await openScreen(context, ''));
  try {
    const views = await loadViews();
    open.ready();
    await show(open.screen, views);
  } finally {
    open.close();
  }
}

/** What stays on the normal screen: the verdict, or how the run stood and how to see it again. */
function lastPicture(state: State, isReached: boolean, tookOver: boolean, context: Context): string {
  const style = styleFor(wantsColor(context, 'stdout'));
  const { data } = state;
  const verdict = data.end ?? verdictOf(data.run);
  if (verdict) return summaryText(data.run, verdict, data.metrics, style, data.tally.closing);
  const head = `${paintOutcome(style, outcomeOfData(data))}  event ${formatNumber(data.eventIndex)}  ${style.dim(metricsText(data.metrics))}`;
  return `${head}\n${nextLine(state, isReached, tookOver)}`;
}

/** What becomes of a run that has not ended. What is hosted here ends with this process. */
function nextLine(
  { hosted, stopRequested, data: { run } }: State,
  isReached: boolean,
  tookOver: boolean,
): string {
  const again = `simcity watch ${run.number}`;
  if (hosted) return '';
  if (!isReached) return `  its server does not answer, so that nobody knows whether it goes on: ${again}\n`;
  if (tookOver && !stopRequested)
    return `  it goes on once runs are executed here again, as \`simcity\` does; see it: ${again}\n`;
  return stopRequested
    ? `  it is being stopped; see it again: ${again}\n`
    : `  it goes on; see it again: ${again}\n`;
}
