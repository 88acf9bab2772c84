/**
 * One attempt of a call over HTTP, by as many requests as the API needs. One of them is decisive: it leaves at the same
 * instant as its rivals, and faults strike it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpAnswer, type HttpRequest, type Send, Unanswered } from '../../targets/http/api.ts';
import type { CookieJars } from '../../targets/http/cookies.ts';
import type { WireFaults } from '../../targets/http/faults.ts';
import { answerOf, wireRequestOf } from '../../targets/http/request.ts';
import type { Barrier, Exchange, Wire } from '../../targets/http/wire.ts';
import type { OvertakingLane } from './overtaking-lane.ts';
import type { BeginExchange, ExchangeLog } from './wire-log.ts';

/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'REPORT']);

/** Operations whose decisive request the adapter names itself, as far as it was seen. */
export type NamedRaced = Set<string>;

export interface PerformanceOptions {
  readonly wire: Wire;
  readonly jars: CookieJars;
  readonly operation: string;
  /** The call changes nothing: then its first request is the decisive one. */
  readonly isLook: boolean;
  readonly faults: WireFaults;
  readonly barrier: Barrier | null;
  readonly overtaking: OvertakingLane;
  readonly deadlineMs: number;
  readonly namedRaced: NamedRaced;
  /** Told of each request on the wire. */
  readonly log: BeginExchange;
}

export class Performance {
  readonly #options: PerformanceOptions;
  #isDecided = false;
  #mayHaveHappened = false;
  #status: number | null = null;

  constructor(options: PerformanceOptions) {
    this.#options = options;
  }

  /** True when some request that may change something has reached the service, as far as is known. */
  get mayHaveHappened(): boolean {
    return this.#mayHaveHappened;
  }

  /** The status of the decisive request; null: it had no answer, or there was none. */
  get status(): number | null {
    return this.#status;
  }

  readonly send: Send = async (request, { raced } = {}) => {
    const isDecisive = this.#isDecisive(request, raced);
    const wireRequest = wireRequestOf(request, this.#options.jars);
    const told = this.#options.log(request);
    const exchange = isDecisive
      ? await this.#decisive(wireRequest, told)
      : await this.#options.wire.exchange(wireRequest, { deadlineMs: this.#options.deadlineMs, told });
    told.ended(exchange);
    const isSafe = SAFE.has(request.method.toUpperCase());
    if (!isSafe && (exchange.kind === 'answer' || exchange.whole)) this.#mayHaveHappened = true;
    if (isDecisive && exchange.kind === 'answer') this.#status = exchange.status;
    return answered(exchange, request, this.#options.jars);
  };

  /** Nothing more will be sent: rivals need not wait for a request that does not come. */
  over(): void {
    if (!this.#isDecided) this.#options.barrier?.leave();
    this.#isDecided = true;
  }

  #isDecisive({ method }: HttpRequest, raced: boolean | undefined): boolean {
    const { namedRaced, operation, isLook } = this.#options;
    if (raced === true) namedRaced.add(operation);
    if (this.#isDecided || raced === false) return false;
    const is = raced === true || (!namedRaced.has(operation) && (isLook || !SAFE.has(method.toUpperCase())));
    if (is) this.#isDecided = true;
    return is;
  }

  async #decisive(request: Parameters<Wire['exchange']>[0], told: ExchangeLog): Promise<Exchange> {
    const { wire, faults, overtaking, deadlineMs } = this.#options;
    // Whoever is late or is cut off is waited for by nobody.
    const isRival = faults.delayMs === null && faults.overtakenBy === null && faults.cut !== 'request';
    const barrier = isRival ? this.#options.barrier : null;
    if (!isRival) this.#options.barrier?.leave();
    if (faults.delayMs !== null) await delay(faults.delayMs);
    if (faults.overtakenBy !== null) await overtaking.wait(faults.overtakenBy);
    overtaking.pass();
    return await wire.exchange(request, { ...faults, deadlineMs, barrier, told });
  }
}

/** @throws Unanswered when no answer came, or a 5xx. */
function answered(exchange: Exchange, { jar }: HttpRequest, jars: CookieJars): HttpAnswer {
  if (exchange.kind === 'none') {
    const { cause, whole, isLate } = exchange;
    throw new Unanswered(cause, { whole, isLate });
  }
  const answer = answerOf(exchange);
  jars.keep(jar, answer);
  if (answer.status < 500) return answer;
  throw new Unanswered(`the service answered ${answer.status}`, { status: answer.status });
}

/** Sends plainly, with no rivals and no faults. */
export function plainSend(wire: Wire, jars: CookieJars, deadlineMs: number): Send {
  return async (request) =>
    answered(await wire.exchange(wireRequestOf(request, jars), { deadlineMs }), request, jars);
}
