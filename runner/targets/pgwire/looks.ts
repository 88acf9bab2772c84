/** Looks at the objects of the city over the service's own API: to warm the service up, and to see all of it. */
import type { Call, Reply } from '../../service/call.ts';
import { type Breach, type HttpApi, type Send, Unanswered } from '../http/api.ts';
import type { CookieJars } from '../http/cookies.ts';
import { answerOf, wireRequestOf } from '../http/request.ts';
import type { Background } from './background.ts';
import type { Lane, Lanes } from './lanes.ts';
import { DEADLINE_MS } from './task.ts';

/** A call that only looks, with the citizen who makes it. */
type LookCall = Call & { readonly citizen: string };
/** The look at one object: performed as any other call, it changes nothing. */
export type LookOf = (object: string) => LookCall;

export interface LooksOptions {
  readonly api: HttpApi;
  readonly look: LookOf | null;
  readonly objects: readonly string[];
  readonly jars: CookieJars;
}

const ROUNDS = 2;

export class Looks {
  readonly #options: LooksOptions;

  constructor(options: LooksOptions) {
    this.#options = options;
  }

  /** All objects as the scenario's audit takes them; null: the API has no look. */
  async all(lane: Lane): Promise<unknown> {
    const { api, look, objects } = this.#options;
    const send = this.#sendOn(lane);
    if (api.inspect) return await api.inspect(send);
    if (!look) return null;
    const found: Record<string, unknown>[] = [];
    for (const id of objects) {
      const reply = await api.perform(look(id), send);
      if (reply.outcome === 'ok') found.push({ id, ...reply.value });
    }
    return found;
  }

  /** A pool whose connections were cut may hand each of them out once more: looks until none fails, or so often. */
  async untilAnswered(lanes: Lanes, times: number): Promise<void> {
    const { look, objects } = this.#options;
    const [object] = objects;
    if (!look || object === undefined) return;
    const lane = lanes.take();
    for (let i = 0; i < times; i++) if (await this.#lookOnce(look(object), lane)) break;
    lanes.give(lane);
  }

  /** So many looks at once, twice, so that the pool opens its connections and prepares what it prepares. */
  async warmUp(lanes: Lanes, connections: number, background: Background): Promise<void> {
    const { look, objects } = this.#options;
    const [object] = objects;
    if (!look || object === undefined) return;
    const taken = Array.from({ length: connections }, () => lanes.take());
    await background.whileAsked(async () => {
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all(taken.map((lane) => this.#lookOnce(look(object), lane)));
      }
    }, ROUNDS * connections);
    for (const lane of taken) lanes.give(lane);
  }

  /** Whether it was answered well is not what it is for. */
  async #lookOnce(call: LookCall, lane: Lane): Promise<Reply | Breach | null> {
    try {
      return await this.#options.api.perform(call, this.#sendOn(lane));
    } catch (error) {
      if (error instanceof Unanswered) return null;
      throw error;
    }
  }

  #sendOn(lane: Lane): Send {
    const { jars } = this.#options;
    return async (request) => {
      const exchange = await lane.wire.exchange(wireRequestOf(request, jars), { deadlineMs: DEADLINE_MS });
      if (exchange.kind === 'none') throw new Unanswered(exchange.cause);
      const answer = answerOf(exchange);
      jars.keep(request.jar, answer);
      if (answer.status >= 500) throw new Unanswered(`the service answered ${answer.status}`);
      return answer;
    };
  }
}
