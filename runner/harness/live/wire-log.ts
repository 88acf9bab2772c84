/** What the client sees of each request on the wire: when it leaves, its first byte, its answer, and where it is cut. */
import type { JsonObject, WireExchange } from '../../../server/contract/index.ts';
import type { Operation } from '../../scenarios/workload.ts';
import type { Exchange, ExchangeWatch } from '../../targets/http/wire.ts';
import { rounded } from '../rounded.ts';
import type { LiveVerdicts } from './live-verdicts.ts';

/** Of a request's line. */
const MOST_CHARACTERS = 200;
/** Of the form of the events. */
const VERSION = 1;

/** One request, from before it is sent to its end. */
export interface ExchangeLog extends ExchangeWatch {
  ended(exchange: Exchange): void;
}

/** Begins the log of one request of an operation. */
export type BeginExchange = (request: { readonly method: string; readonly path: string }) => ExchangeLog;

/**
 * Keeps it with the operation, for the bundle; `asEvents`: also as events of the history. What comes after the failure
 * is the end of the run and no longer of the service.
 */
export function wireLogOf(
  verdicts: Pick<LiveVerdicts, 'now' | 'failure' | 'intervals' | 'recorder'>,
  { id: op, actor }: Pick<Operation, 'id' | 'actor'>,
  asEvents: boolean,
): BeginExchange {
  return ({ method, path }) => {
    const request = `${method.toUpperCase()} ${path}`.slice(0, MOST_CHARACTERS).toWellFormed();
    const times: WireExchange = {
      request,
      leftMs: null,
      firstByteMs: null,
      endedMs: null,
      status: null,
      cut: null,
    };
    verdicts.intervals.exchanged(op, times);
    const tell = (what: string, more: JsonObject) => {
      if (asEvents) verdicts.recorder.record(verdicts.now, 'wire', actor, { v: VERSION, op, what, ...more });
    };
    const now = () => rounded(verdicts.now);
    return {
      left() {
        if (verdicts.failure) return;
        times.leftMs = now();
        tell('leave', { request });
      },
      firstByte(status) {
        if (verdicts.failure) return;
        times.firstByteMs = now();
        times.status = status;
        tell('first-byte', { request, status });
      },
      ended(exchange) {
        if (verdicts.failure) return;
        times.endedMs = now();
        if (exchange.kind === 'none') times.cut = exchange.cause.slice(0, MOST_CHARACTERS).toWellFormed();
        else times.status = exchange.status;
        if (times.cut === null) tell('answer', { request, status: times.status });
        else tell('cut', { request, cause: times.cut });
      },
    };
  };
}
