/** Explaining that starts by itself after a FAIL: beside mission control, or after the verdict line. */
import { isTerminal, type Run } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { pause } from '../client/pause.ts';
import type { Presentation } from '../commands/presentation.ts';
import type { Connected } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import { explanationText } from '../output/explanation.ts';
import { defuseLine } from '../output/github.ts';
import { progressLine } from '../output/progress-line.ts';
import { styleFor } from '../output/style.ts';
import { type Context, canDraw, columnsOf, wantsColor } from '../process/context.ts';
import { CliError, EXIT, messageOf } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { progressWords } from '../run/task-words.ts';
import { declineTask, doTask, type TaskOrder } from './do-task.ts';
import { prepareExplain } from './explain.ts';

export interface FollowedFailure {
  api: Api;
  run: Run;
  presentation: Presentation;
  connected: Connected;
  flags: ServerFlags & { explain?: boolean };
}

/** For making small and explaining together. A person waits; `simcity explain` takes more. */
const MOST_SECONDS = 300;
/** Beside mission control the end of the run is looked for this often. */
const LOOK_EVERY_MS = 500;

/**
 * Follows by `follow`; where it is wanted, a failure is explained: beside the screen as long as it is open, elsewhere
 * after the verdict, with the text printed. Resolves to what `follow` did: the exit code stays the verdict's.
 */
export async function withExplanation(
  context: Context,
  request: FollowedFailure,
  follow: () => Promise<number>,
): Promise<number> {
  if (!isWanted(context, request)) return follow();
  const { as, exitOnEnd } = request.presentation;
  if (as === 'screen' && !exitOnEnd) return await beside(context, request, follow);
  const exitCode = await follow();
  if (exitCode === EXIT.fail && !context.leaving.aborted) await afterwards(context, request);
  return exitCode;
}

/** True where a failure is explained: as the flags say, else on a terminal that somebody looks at. */
export function isWanted(
  context: Pick<Context, 'env' | 'isTerminal'>,
  {
    flags,
    presentation,
  }: {
    flags: { explain?: boolean };
    presentation: Pick<Presentation, 'as' | 'exitOnEnd'>;
  },
): boolean {
  if (flags.explain !== undefined) return flags.explain;
  const { as, exitOnEnd } = presentation;
  if (as === 'json' || as === 'quiet' || exitOnEnd) return false;
  return canDraw(context);
}

/** Whoever leaves the screen leaves the explanation, too: it is cancelled. */
async function beside(
  context: Context,
  request: FollowedFailure,
  follow: () => Promise<number>,
): Promise<number> {
  const left = new AbortController();
  const working = explainWhenFailed(context, request, left.signal);
  try {
    return await follow();
  } finally {
    left.abort();
    await working;
  }
}

/** The screen learns of what comes of it by the resource. Never rejects. */
async function explainWhenFailed(
  context: Context,
  request: FollowedFailure,
  cancelled: AbortSignal,
): Promise<void> {
  const run = await whenEnded(request, AbortSignal.any([cancelled, context.leaving]));
  if (run?.status !== 'FAIL') return;
  try {
    await explainHere(context, { ...request, run }, cancelled, () => undefined);
  } catch (error) {
    // It is told where the explanation is waited for; a server that is away is told by the screen itself.
    await declineTask(request.api, run, 'explain', messageOf(error)).catch(() => undefined);
  }
}

/** The run at its end; null when that is not waited for any longer. */
async function whenEnded({ api, run }: FollowedFailure, left: AbortSignal): Promise<Run | null> {
  while (!left.aborted) {
    const stored = await api.run(run.id).catch(() => null);
    if (stored !== null && isTerminal(stored.status)) return stored;
    await pause(LOOK_EVERY_MS, left);
  }
  return null;
}

/** With a progress line, and the text at the end. Ctrl-C cancels it, and the verdict stays. */
async function afterwards(context: Context, request: FollowedFailure): Promise<void> {
  const { api, presentation } = request;
  const say = (message: string) => {
    if (!presentation.quiet) context.err(`simcity: ${message}\n`);
  };
  const line = progressLine(context);
  const cancelling = new AbortController();
  const undo = context.onSignal(() => {
    if (cancelling.signal.aborted) return context.leave(EXIT.fail);
    line.clear();
    say('cancelling the explanation; Ctrl-C again leaves at once.');
    cancelling.abort();
  });
  try {
    const run = await api.run(request.run.id);
    const show = (text: string) => {
      if (!presentation.quiet) line.show(text);
    };
    const explanation = await explainHere(context, { ...request, run }, cancelling.signal, (progress) =>
      show(progressWords('explain', progress)),
    );
    line.clear();
    await print(context, presentation, (style, width) =>
      explanationText(explanation, style, width, run.failForensic),
    );
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    line.clear();
    say(`the failure is not explained: ${safeText(error.message)}`);
  } finally {
    undo();
  }
}

function explainHere(
  context: Context,
  { api, run, flags, connected }: FollowedFailure,
  cancelled: AbortSignal,
  onProgress: TaskOrder<'explain'>['onProgress'],
) {
  return doTask(context, {
    ...{ api, run, kind: 'explain', cancelled, onProgress },
    again: false,
    prepare: () => prepareExplain(context, { run, connected, flags, maxSeconds: MOST_SECONDS }),
  });
}

/** Where the lines of the run went. `json` and `quiet` print data, to which nothing is added. */
async function print(
  context: Context,
  { as, linesTo, onActions }: Presentation,
  text: (style: ReturnType<typeof styleFor>, width: number) => string,
): Promise<void> {
  if (as === 'json' || as === 'quiet') return;
  const lines = text(styleFor(wantsColor(context, linesTo)), columnsOf(context, linesTo)).split('\n');
  const safe = `${(onActions ? lines.map(defuseLine) : lines).join('\n')}\n`;
  if (linesTo === 'stdout') await context.out(safe);
  else context.err(safe);
}
