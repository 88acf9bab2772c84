/** Explains what others ask for, such as in the browser: one failure after another, as long as a host of runners is there. */
import type { Run } from '../../server/contract/index.ts';
import { pause } from '../client/pause.ts';
import type { Connected } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import type { Context } from '../process/context.ts';
import { CliError, messageOf } from '../process/errors.ts';
import { formatSeconds, shortId } from '../run/format.ts';
import { safeText } from '../run/sanitize.ts';
import { declineExplanation, explainRun } from './explain-run.ts';
import { failedRun } from './failed-run.ts';

export interface AskedExplanations {
  connected: Connected;
  flags: ServerFlags;
  /** Told what is begun and what came of it, a sentence each. */
  progress: (message: string) => void;
}

const LOOK_EVERY_MS = 1_000;
/** A server that does not answer, or that lets this process not in, is asked less often. */
const AFTER_ERROR_MS = 10_000;
/** For making small and explaining together. */
const MOST_SECONDS = 600;

/** Works until the process leaves. Never rejects with what a server or a run did wrong. */
export async function explainAsked(context: Context, asked: AskedExplanations): Promise<void> {
  const { api } = asked.connected;
  while (!context.leaving.aborted) {
    const page = await api.runs({ explanation: 'waiting', limit: 1 }).catch(expected);
    const run = page?.runs[0];
    if (run !== undefined) await explainOne(context, asked, run);
    await pause(page === null ? AFTER_ERROR_MS : LOOK_EVERY_MS, context.leaving);
  }
}

async function explainOne(
  context: Context,
  { connected, flags, progress }: AskedExplanations,
  run: Run,
): Promise<void> {
  const { api } = connected;
  if ((await api.explanation(run.id).catch(expected))?.state !== 'pending') return;
  progress(`explaining run ${shortId(run.id)}, as it was asked for`);
  try {
    const explanation = await explainRun(context, {
      ...{ api, run },
      again: false,
      maxSeconds: MOST_SECONDS,
      failed: () => failedRun(context, flags, run, connected, 'explain'),
      onProgress: () => {},
      // Whoever asked gives it up by the resource. A process that leaves makes no calls any more: it stays asked for.
      cancelled: context.leaving,
    });
    const came =
      explanation.state === 'ready'
        ? `explained in ${formatSeconds(explanation.why.seconds)}`
        : explanation.state === 'none'
          ? `not explained: ${safeText(explanation.reason)}`
          : 'not explained by this process';
    progress(`run ${shortId(run.id)} is ${came}`);
  } catch (error) {
    if (context.leaving.aborted) return;
    expected(error);
    progress(`run ${shortId(run.id)} is not explained: ${safeText(messageOf(error))}`);
    await declineExplanation(api, run, messageOf(error)).catch(expected);
  }
}

/** Null for what a server or a run may do wrong. @throws all else: mistakes of ours. */
function expected(error: unknown): null {
  if (error instanceof CliError) return null;
  throw error;
}
