/** A sink for executions that nobody reads: a failure that is tried again. */
import type { Sink } from '../../telemetry/sink.ts';

export const SILENT_SINK: Sink = {
  event: () => undefined,
  snapshot: () => undefined,
  live: () => undefined,
  end: async () => undefined,
  flush: async () => undefined,
};
