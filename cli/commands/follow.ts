/** Follows a run to its end: as mission control, as log lines, as sentences, as lines of JSON, or silently. */
import type { EndFrame, JsonObject } from '../../server/contract/index.ts';
import { rereadRun } from '../client/reread.ts';
import { followRun, type StreamItem } from '../client/stream.ts';
import { defuseLine, groupLines } from '../output/github.ts';
import { createLogLines } from '../output/log-lines.ts';
import type { Narrator } from '../output/narrator.ts';
import { startPulse } from '../output/pulse.ts';
import { createSentences } from '../output/sentences.ts';
import { styleFor } from '../output/style.ts';
import { exitCodeOf, verdictLine } from '../output/verdict.ts';
import { type Context, wantsColor } from '../process/context.ts';
import { EXIT, messageOf } from '../process/errors.ts';
import { isQueuedAgain } from '../run/attempts.ts';
import { safeJson, safeText } from '../run/sanitize.ts';
import type { OpenScreen } from '../tui/open-screen.ts';
import type { FollowedRun } from '../tui/requests.ts';
import type { Presentation } from './presentation.ts';

export interface FollowRequest extends FollowedRun {
  presentation: Presentation;
  /** The screen, when it is open already. */
  opened?: OpenScreen | undefined;
}

/** About a minute of attempts: a follower that nobody watches must end when the server does not come back. */
const UNWATCHED_ATTEMPTS = 15;
/** Of the lines of JSON, written into the first. A field may be added; anything else makes it 3. In 2 `pass` may be null. */
const JSON_VERSION = 2;

/** Follows and resolves to the exit code of the verdict. @throws CliError when the server is lost. */
export async function follow(context: Context, request: FollowRequest): Promise<number> {
  const { as } = request.presentation;
  if (as === 'screen') {
    const { missionControl } = await import('../tui/start.ts');
    return missionControl(context, request);
  }
  const undo = onInterrupt(context, request);
  try {
    if (as === 'json') return await asJson(context, request);
    if (as === 'quiet') return await asVerdict(context, request);
    return await asLines(context, request, as);
  } finally {
    undo();
  }
}

function itemsOf(context: Context, request: FollowRequest): AsyncGenerator<StreamItem, void, undefined> {
  return followRun({
    connection: request.api.connection,
    runId: request.run.id,
    signal: context.leaving,
    maxAttempts: UNWATCHED_ATTEMPTS,
  });
}

/** First Ctrl-C: stop the run and go on to its end. Second, and any in `watch`: leave at once. */
function onInterrupt(context: Context, request: FollowRequest): () => void {
  const say = (message: string) => {
    if (!request.presentation.quiet) context.err(`simcity: ${message}\n`);
  };
  let asked = false;
  return context.onSignal(() => {
    if (!request.owns || asked) {
      context.leave(EXIT.interrupted);
      return;
    }
    asked = true;
    say('stopping the run; Ctrl-C again leaves at once.');
    request.api.stop(request.run.id, 'interrupted by the user').catch((error: unknown) => {
      say(`the stop did not get through: ${safeText(messageOf(error))}`);
    });
  });
}

async function asJson(context: Context, request: FollowRequest): Promise<number> {
  const { quiet } = request.presentation;
  let first = true;
  for await (const item of itemsOf(context, request)) {
    if (item.kind === 'link') {
      if (item.link.status === 'reconnecting' && !quiet) {
        context.err(`simcity: reconnecting (attempt ${item.link.attempt}): ${safeText(item.link.error)}\n`);
      }
      continue;
    }
    const { frame } = item;
    if (!quiet || frame.frame === 'end') {
      await context.out(`${safeJson(first ? { ...frame, version: JSON_VERSION } : frame)}\n`);
      first = false;
    }
    if (frame.frame === 'end') return exitCodeOf(frame.data);
  }
  return EXIT.interrupted;
}

async function asVerdict(context: Context, request: FollowRequest): Promise<number> {
  const { linesTo } = request.presentation;
  let closing: JsonObject | null = null;
  for await (const item of itemsOf(context, request)) {
    if (item.kind !== 'link' && item.frame.frame === 'event' && item.frame.data.type === 'end')
      closing = item.frame.data.data;
    if (item.kind === 'link' || item.frame.frame !== 'end') continue;
    const end = item.frame.data;
    // A report on stdout is the verdict there.
    const style = styleFor(wantsColor(context, 'stdout'));
    if (linesTo === 'stdout') await context.out(`${verdictLine(request.run, end, style, closing)}\n`);
    return exitCodeOf(end);
  }
  return EXIT.interrupted;
}

async function asLines(context: Context, request: FollowRequest, as: 'log' | 'plain'): Promise<number> {
  const { linesTo, onActions } = request.presentation;
  const style = styleFor(wantsColor(context, linesTo));
  const narrator = as === 'log' ? createLogLines(style, Date.now, request.hosted) : createSentences(Date.now);
  const print = async (lines: string[], own = false) => {
    if (lines.length === 0) return;
    pulse.touch();
    // Text of foreign origin must not command the job either.
    const text = `${(onActions && !own ? lines.map(defuseLine) : lines).join('\n')}\n`;
    if (linesTo === 'stdout') await context.out(text);
    else context.err(text);
  };
  const pulse = startPulse((silentMs) => void print(narrator.idle(silentMs)));
  const group = onActions ? groupLines(request.run) : { begin: [], end: [] };
  try {
    await print(group.begin, true);
    const end = await narrate(context, request, narrator, print);
    await print(group.end, true);
    if (end === null) return EXIT.interrupted;
    await print(narrator.verdict(await rereadRun(request.api, request.run), end, style));
    return exitCodeOf(end);
  } finally {
    pulse.stop();
  }
}

/** Tells the run up to its end; null when told to leave before. */
async function narrate(
  context: Context,
  request: FollowRequest,
  narrator: Narrator,
  print: (lines: string[]) => Promise<void>,
): Promise<EndFrame | null> {
  await print(narrator.start(request.run));
  let wasQueuedAgain = false;
  for await (const item of itemsOf(context, request)) {
    if (item.kind === 'link') {
      await print(narrator.link(item.link));
      continue;
    }
    const { frame } = item;
    await print(narrator.frame(frame));
    if (frame.frame === 'end') return frame.data;
    if (frame.frame !== 'heartbeat') continue;
    const isAgain = isQueuedAgain(frame.data);
    if (isAgain && !wasQueuedAgain)
      await print(narrator.queuedAgain(await rereadRun(request.api, request.run)));
    wasQueuedAgain = isAgain;
  }
  return null;
}
