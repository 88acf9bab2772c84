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
import type { Screen } from './screen.ts';
import type { State } from './state/state.ts';

/** The screen, when it is open already. */
interface Opened {
  opened?: OpenScreen | undefined;
}

/** Shows the run until the user leaves. Resolves to the exit code. @throws CliError when the server refuses. */
export async function missionControl(context: Context, request: WatchRequest & Opened): Promise<number> {
  let last: State | null = null;
  await withScreen(context, request.opened, async (screen, { watchRun, browseRuns }) => {
    let next: WatchRequest | null = request;
    while (next !== null) {
      const state: State = await watchRun(context, screen, next);
      // Looked at again, a run that has ended has to say so again; what is known of its end stays.
      const isKnown = last !== null && (last as State).data.end !== null;
      if (state.data.run.id === request.run.id && !isKnown) last = state;
      if (state.leaving !== 'runs') return;
      const chosen: WatchRequest | null = await chooseRun(context, screen, browseRuns, {
        api: request.api,
        readOnly: request.readOnly === true,
        home: request,
        hosted: () => request.hosted,
        ...launchingOf(request),
        dataDir: undefined,
      });
      next = chosen === null ? null : await refreshed(chosen);
    }
  });
  if (last === null) return EXIT.pass;
  const state = await withRunAtEnd(request.api, last);
  await context.out(lastPicture(state, context));
  const { end, run } = state.data;
  const verdict = end ?? verdictOf(run);
  return verdict === null ? EXIT.interrupted : exitCodeOf(verdict);
}

function launchingOf({ runner, onLaunched }: WatchRequest): Launching {
  return { ...(runner && { runner }), ...(onLaunched && { onLaunched }) };
}

/** With the run as it was stored at its end, which a screen that left at once has not read yet. */
async function withRunAtEnd(api: Api, state: State): Promise<State> {
  const { data } = state;
  if (data.end === null || isTerminal(data.run.status)) return state;
  return { ...state, data: { ...data, run: await rereadRun(api, data.run) } };
}

/** The list, and the campaigns that are looked at from it, until a run is chosen; null: leave. */
async function chooseRun(
  context: Context,
  screen: Screen,
  browseRuns: Views['browseRuns'],
  request: Parameters<Views['browseRuns']>[2],
): Promise<WatchRequest | null> {
  for (;;) {
    const chosen = await browseRuns(context, screen, request);
    if (chosen === null || !('campaign' in chosen)) return chosen;
    const { showStored } = await import('./campaign/stored.ts');
    await showStored(context, screen, request.api, chosen.campaign, request.dataDir);
  }
}

/** The run as it stands by now; as it was when the server does not answer. */
async function refreshed(request: WatchRequest): Promise<WatchRequest> {
  return { ...request, run: await request.api.run(request.run.id).catch(() => request.run) };
}

type Views = Awaited<ReturnType<typeof loadViews>>;

/** Shows the list of runs until the user leaves. Resolves to the exit code. */
export async function runsControl(context: Context, request: ListRequest & Opened): Promise<number> {
  await withScreen(context, request.opened, async (screen, { watchRun, browseRuns }) => {
    for (;;) {
      const next = await chooseRun(context, screen, browseRuns, { ...request, home: null });
      if (next === null) return;
      const state = await watchRun(context, screen, next);
      if (state.leaving !== 'runs') return;
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
function lastPicture(state: State, context: Context): string {
  const style = styleFor(wantsColor(context, 'stdout'));
  const { data } = state;
  if (data.end) return summaryText(data.run, data.end, data.metrics, style, data.tally.closing);
  const head = `${paintOutcome(style, outcomeOfData(data))}  event ${formatNumber(data.eventIndex)}  ${style.dim(metricsText(data.metrics))}`;
  const next = state.hosted ? '' : `  it goes on; see it again: simcity watch ${data.run.id}\n`;
  return `${head}\n${next}`;
}
