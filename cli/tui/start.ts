/** Runs mission control on a terminal: a run or the list of runs, until the user leaves; always restores the terminal. */

import type { Run } from '../../server/contract/index.ts';
import { toAscii } from '../ascii.ts';
import type { Api } from '../client/api.ts';
import type { FollowRequest } from '../commands/follow.ts';
import { type Context, wantsColor, wantsUnicode } from '../context.ts';
import { EXIT } from '../errors.ts';
import { formatNumber } from '../format.ts';
import { paintStatus, styleFor } from '../output/style.ts';
import { exitCodeOf, metricsText, summaryText, verdictOf } from '../output/verdict.ts';
import { isLightBackground } from '../terminal/background.ts';
import { heedSuspension } from '../terminal/suspend.ts';
import { createPalette } from './paint/palette.ts';
import { createScreen, type Screen } from './screen.ts';
import type { State, ViewId } from './state/state.ts';

export interface MissionRequest extends Omit<FollowRequest, 'presentation'> {
  presentation?: FollowRequest['presentation'];
  /** Where it begins; Live by default. */
  view?: ViewId;
  /** True when Esc goes back to the list of runs. */
  cameFromList?: boolean;
  /** A run to put beside it. */
  compareWith?: string;
}

/** Shows the run until the user leaves. Resolves to the exit code. @throws CliError when the server refuses. */
export async function missionControl(context: Context, request: MissionRequest): Promise<number> {
  let last: State | null = null;
  await withScreen(context, async (screen) => {
    const { watchRun } = await import('./watch-run.tsx');
    const { browseRuns } = await import('./runs/browse-runs.tsx');
    let next: MissionRequest | null = request;
    while (next !== null) {
      const { state }: { state: State } = await watchRun(context, screen, next);
      // Looked at again, a run that has ended has to say so again; what is known of its end stays.
      const isKnown = last !== null && (last as State).data.end !== null;
      if (state.data.run.id === request.run.id && !isKnown) last = state;
      if (state.leaving !== 'runs') return;
      const chosen: MissionRequest | null = await browseRuns(context, screen, {
        api: request.api,
        readOnly: request.readOnly === true,
        home: request,
        hosted: request.hosted,
      });
      next = chosen === null ? null : await refreshed(chosen);
    }
  });
  if (last === null) return EXIT.pass;
  await context.out(lastPicture(last, context));
  const { end, run } = (last as State).data;
  const verdict = end ?? verdictOf(run);
  return verdict === null ? EXIT.interrupted : exitCodeOf(verdict);
}

/** The run as it stands by now; as it was when the server does not answer. */
async function refreshed(request: MissionRequest): Promise<MissionRequest> {
  return { ...request, run: await request.api.run(request.run.id).catch(() => request.run) };
}

export interface RunsRequest {
  api: Api;
  readOnly: boolean;
  /** True when leaving takes the server down, and with it what runs. */
  hosted: boolean;
  /** Called with each run that was launched here. */
  onLaunched?: (run: Run) => Promise<void>;
}

/** Shows the list of runs until the user leaves. Resolves to the exit code. */
export async function runsControl(context: Context, request: RunsRequest): Promise<number> {
  await withScreen(context, async (screen) => {
    const { watchRun } = await import('./watch-run.tsx');
    const { browseRuns } = await import('./runs/browse-runs.tsx');
    for (;;) {
      const next = await browseRuns(context, screen, { ...request, home: null });
      if (next === null) return;
      const { state } = await watchRun(context, screen, next);
      if (state.leaving !== 'runs') return;
    }
  });
  return EXIT.pass;
}

/** Enters the screen, and leaves it whatever happens. */
async function withScreen(context: Context, show: (screen: Screen) => Promise<void>): Promise<void> {
  const { env } = context;
  const colors = wantsColor(context, 'stdout');
  const light = colors && (await isLightBackground(env, process.stdin, process.stdout));
  const palette = createPalette({ colors, light });
  const screen = createScreen(process.stdout, palette, wantsUnicode(env) ? undefined : toAscii);
  const undoSuspension = heedSuspension({
    leave: () => {
      screen.leave();
      process.stdin.setRawMode(false);
    },
    enter: () => {
      // A shell has set the terminal as it likes it: only a change of the mode sets it anew.
      process.stdin.setRawMode(false);
      process.stdin.setRawMode(true);
      screen.enter();
    },
  });
  const restored = context.atExitSync(() => {
    screen.leave();
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
  });
  screen.enter();
  try {
    await show(screen);
  } finally {
    undoSuspension();
    restored();
    screen.leave();
  }
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
