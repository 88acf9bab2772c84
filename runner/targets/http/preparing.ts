/** How an adapter's `setup` and `reset` send: a service that is still starting is asked again, within a time limit. */
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '../../../server/contract/index.ts';
import { AdapterError } from '../../modules/adapter-error.ts';
import {
  type HttpAnswer,
  type HttpApi,
  type HttpRequest,
  NotPreparedError,
  type Send,
  Unanswered,
} from './api.ts';
import { CookieJars } from './cookies.ts';
import { answerOf, wireRequestOf } from './request.ts';
import type { Exchange, Wire, WireRequest } from './wire.ts';

/** For `setup`, and for `reset`, unless `--setup-timeout` says another. */
export const PREPARING_LIMIT_MS = 60_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
/** An adapter that sends nothing ends so much after the time limit of its requests, which tell more. */
const GRACE_MS = 1_000;
const SHOWN_CHARACTERS = 200;

/**
 * A `send` whose time limit begins now. An answer of 503, and a connection that cannot be made, are tried again until
 * then; it rejects with a NotPreparedError after that, and with an Unanswered for any other 5xx or lost answer.
 */
export function preparingSend(wire: Wire, limitMs: number, jars = new CookieJars()): Send {
  const endMs = performance.now() + limitMs;
  return async (request: HttpRequest): Promise<HttpAnswer> => {
    const sent = wireRequestOf(request, jars);
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const deadlineMs = Math.max(1, endMs - performance.now());
      const exchange = await wire.exchange(sent, { deadlineMs });
      if (exchange.kind === 'answer' && exchange.status < 500) {
        jars.keep(request.jar, exchange);
        return answerOf(exchange);
      }
      if (performance.now() >= endMs || wire.closed) throw tooLate(sent, exchange, limitMs, wire.closed);
      if (!isStarting(exchange)) throw unanswered(sent, exchange);
      await delay(Math.min(pauseMs, Math.max(1, endMs - performance.now())));
    }
  };
}

/** What `setup` and `reset` of a service need. */
export interface Preparing {
  readonly api: Pick<HttpApi, 'setup' | 'reset'>;
  readonly wire: Wire;
  readonly jars: CookieJars;
  /** For each of the two, in ms. */
  readonly limitMs: number;
}

/** Makes all who will ever call known to the service. Rejects as `preparingSend` and `withinLimit` do. */
export async function setUpWithin(preparing: Preparing, citizens: readonly string[]): Promise<void> {
  const { api, wire, jars, limitMs } = preparing;
  await withinLimit('setup', limitMs, () => api.setup(citizens, preparingSend(wire, limitMs, jars)));
}

/** Opens a fresh city. Rejects likewise. */
export async function resetWithin(preparing: Preparing, world: JsonObject): Promise<void> {
  const { api, wire, jars, limitMs } = preparing;
  await withinLimit('reset', limitMs, () => api.reset(world, preparingSend(wire, limitMs, jars)));
}

/** Carries out `setup` or `reset`; one that does not come to its end, without a request under way, is an AdapterError. */
export async function withinLimit<T>(
  phase: 'setup' | 'reset',
  limitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const late = delay(limitMs + GRACE_MS, undefined, { signal: over.signal }).then(() => {
    const message = `${phase}() of the adapter did not end within ${limitMs / 1_000} s. ${ADVICE}`;
    throw new AdapterError(message, { phase, role: 'adapter' });
  });
  // Once the work is done nobody awaits it any more.
  late.catch(() => undefined);
  try {
    return await Promise.race([work(), late]);
  } finally {
    over.abort();
  }
}

const ADVICE = 'Where it needs longer, raise the limit with --setup-timeout.';

/** It says itself that it is not ready, or nobody is there yet. */
function isStarting(exchange: Exchange): boolean {
  return exchange.kind === 'answer' ? exchange.status === 503 : !exchange.whole;
}

function tooLate(
  { method, path }: WireRequest,
  last: Exchange,
  limitMs: number,
  isOver: boolean,
): NotPreparedError {
  const what = `The service cannot be prepared: ${method} ${path}`;
  if (isOver) return new NotPreparedError(`${what} was broken off, because the run is over.`);
  const until = `within ${limitMs / 1_000} s; the last time it ${lastText(last)}. ${ADVICE}`;
  return new NotPreparedError(`${what} had no answer that says something ${until}`);
}

function unanswered({ method, path }: WireRequest, exchange: Exchange): Unanswered {
  const what = `${method} ${path} ${lastText(exchange)}`;
  if (exchange.kind === 'answer') return new Unanswered(what, { status: exchange.status });
  return new Unanswered(what, { whole: exchange.whole, isLate: exchange.isLate });
}

function lastText(exchange: Exchange): string {
  if (exchange.kind === 'none') return `got no answer (${exchange.cause})`;
  const body = exchange.body === '' ? '' : `: ${exchange.body.slice(0, SHOWN_CHARACTERS)}`;
  return `was answered ${exchange.status}${body}`;
}
