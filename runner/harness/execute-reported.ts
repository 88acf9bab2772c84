/** Executes a run as its harness does: with the user's files, and with an end also where there is no verdict. */
import type { EndReport, RunEvent } from '../../server/contract/index.ts';
import { loadModules } from '../modules/load-modules.ts';
import { filesOfUser } from '../modules/loaded.ts';
import { isDatabaseAway } from '../targets/postgres/sql-client.ts';
import { LeaseLostError, SinkClosedError, TelemetryRefusedError } from '../telemetry/sink.ts';
import { execute } from './execute.ts';
import { FollowedSink } from './followed-sink.ts';
import type { Execute } from './harness-run.ts';
import { faultForensic, NotBegunError, runFaultOf } from './run-fault.ts';
import { stopReason } from './start-and-end.ts';

/**
 * Resolves with the report that ended the run: its verdict, or that an adapter or a module is wrong, or that it
 * could not begin. Rejects when the engine or the sink broke.
 */
export const executeReported: Execute = async ({ modules, ...options }) => {
  const sink = FollowedSink.over(options.sink);
  try {
    await loadModules(modules);
    return await execute({ ...options, sink });
  } catch (error) {
    if (isSinks(error) || sink.hasEnded) throw error;
    const report = reportOf(error, options, sink);
    if (report === null) throw error;
    sink.event(endEvent(sink.lastEvents.at(-1), report));
    await sink.end(report);
    return report;
  }
};

/**
 * Null: the engine broke. A run that was to be stopped ends as that, whatever it could not do meanwhile.
 * @throws NotBegunError when it may begin in another attempt: it did before, or its database is away.
 */
function reportOf(
  error: unknown,
  options: Omit<Parameters<Execute>[0], 'modules'>,
  sink: FollowedSink,
): EndReport | null {
  const { signal } = options;
  const fault = runFaultOf(error, filesOfUser(), sink.next > 0);
  if (signal.requested) {
    return { status: 'STOPPED', reason: stopReason(signal), failForensic: null };
  }
  if (fault === null) return null;
  if (fault.kind === 'start-failed' && (options.repeat !== null || isForWantOfDatabase(error))) {
    throw new NotBegunError(fault.message, { cause: error });
  }
  const failForensic = faultForensic(fault, {
    ...options,
    lastEvents: sink.lastEvents.map((e) => ({ ...e })),
  });
  return { status: 'STOPPED', reason: fault.kind, failForensic };
}

function isForWantOfDatabase(error: unknown): boolean {
  return isDatabaseAway(error) || (error instanceof Error && isDatabaseAway(error.cause));
}

/** Behind the last event, and not before it. */
function endEvent(last: RunEvent | undefined, { status, reason }: EndReport): RunEvent {
  const now = new Date().toISOString();
  const { index = -1, at = now, virtualMs = 0 } = last ?? {};
  const data = { status, reason };
  return { index: index + 1, at: at > now ? at : now, virtualMs, type: 'end', actor: 'city', data };
}

function isSinks(error: unknown): boolean {
  return (
    error instanceof LeaseLostError ||
    error instanceof TelemetryRefusedError ||
    error instanceof SinkClosedError
  );
}
