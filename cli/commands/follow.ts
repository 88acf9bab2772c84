/** Follows a run to its end: as mission control, as log lines, or as lines of JSON. */
import type { EndFrame, Run } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import { followRun, type StreamItem } from '../client/stream.ts';
import { type Context, wantsColor } from '../context.ts';
import { EXIT, messageOf } from '../errors.ts';
import { createLogLines } from '../output/log-lines.ts';
import { styleFor } from '../output/style.ts';
import { exitCodeOf, summaryText } from '../output/verdict.ts';
import { safeJson, safeText } from '../safe-text.ts';

export interface FollowRequest {
  api: Api;
  run: Run;
  as: 'screen' | 'log' | 'json';
  /** True for `run`: the first Ctrl-C stops the run. False for `watch`: it only leaves. */
  owns: boolean;
  /** True when leaving takes the run's server down with it. */
  hosted: boolean;
  exitOnEnd: boolean;
}

/** About a minute of attempts: a follower that nobody watches must end when the server does not come back. */
const UNWATCHED_ATTEMPTS = 15;

/** Follows and resolves to the exit code of the verdict. @throws CliError when the server is lost. */
export async function follow(context: Context, request: FollowRequest): Promise<number> {
  if (request.as === 'screen') {
    const { missionControl } = await import('../tui/start.ts');
    return missionControl(context, request);
  }
  const undo = onInterrupt(context, request);
  try {
    return request.as === 'json' ? await asJson(context, request) : await asLog(context, request);
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
  let asked = false;
  return context.onSignal(() => {
    if (!request.owns || asked) {
      context.leave(EXIT.interrupted);
      return;
    }
    asked = true;
    context.err('simcity: stopping the run; Ctrl-C again leaves at once.\n');
    request.api.stop(request.run.id, 'interrupted by the user').catch((error: unknown) => {
      context.err(`simcity: the stop did not get through: ${safeText(messageOf(error))}\n`);
    });
  });
}

async function asJson(context: Context, request: FollowRequest): Promise<number> {
  for await (const item of itemsOf(context, request)) {
    if (item.kind === 'link') {
      if (item.link.state === 'reconnecting') {
        context.err(`simcity: reconnecting (attempt ${item.link.attempt}): ${safeText(item.link.error)}\n`);
      }
      continue;
    }
    await context.out(`${safeJson(item.frame)}\n`);
    if (item.frame.frame === 'end') return exitCodeOf(item.frame.data);
  }
  return EXIT.interrupted;
}

async function asLog(context: Context, request: FollowRequest): Promise<number> {
  const style = styleFor(wantsColor(context, 'stdout'));
  const lines = createLogLines(style, Date.now);
  const print = async (text: string[]) => {
    if (text.length > 0) await context.out(`${text.join('\n')}\n`);
  };
  let metrics: Record<string, number> = {};
  await print(lines.start(request.run));
  for await (const item of itemsOf(context, request)) {
    if (item.kind === 'link') {
      await print(lines.link(item.link));
      continue;
    }
    const { frame } = item;
    if (frame.frame === 'snapshot' || frame.frame === 'heartbeat') metrics = frame.data.metrics;
    await print(lines.frame(frame));
    if (frame.frame === 'end') return endOfLog(context, request.run, frame.data, metrics);
  }
  return EXIT.interrupted;
}

async function endOfLog(
  context: Context,
  run: Run,
  end: EndFrame,
  metrics: Record<string, number>,
): Promise<number> {
  const style = styleFor(wantsColor(context, 'stdout'));
  await context.out(`\n${summaryText(run, end, metrics, style)}`);
  return exitCodeOf(end);
}
