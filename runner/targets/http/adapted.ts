/** The HTTP API that an adapter describes. Whatever breaks in the adapter is told as its own error, with the place. */
import { AdapterError, type AdapterPhase, errorText } from '../../modules/adapter-error.ts';
import { BOOKING_OPERATIONS } from '../../scenarios/bookings/calls.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Call, Reply } from '../../service/call.ts';
import type { AdapterCall, HttpAdapter } from './adapter.ts';
import {
  type Breach,
  type HttpAnswer,
  type HttpApi,
  type HttpRequest,
  NotPreparedError,
  type Send,
  Unanswered,
} from './api.ts';
import { checkReply, type ReplyCheck } from './reply-check.ts';
import { wireRequestOf } from './request.ts';

/** Any adapter, whichever scenario it is for. */
type AnyAdapter = HttpAdapter<Call, unknown>;

/** What each adapter was last reset to: like what it keeps itself, it holds for whoever asks by it. */
const worlds = new WeakMap<AnyAdapter, unknown>();

/** `scenario`: the one that the adapter is for; `bookings` unless it is given. */
export function httpApiOf(
  given: HttpAdapter,
  scenario: Pick<Scenario, 'name' | 'operations' | 'replyIssue' | 'asked' | 'http'> = {
    name: 'bookings',
    operations: BOOKING_OPERATIONS,
  },
): HttpApi {
  const adapter = given as unknown as AnyAdapter;
  const { rules = {} } = adapter;
  const offers = (operation: string) => (adapter.operations ?? scenario.operations).includes(operation);
  const isOfTheContract = scenario.http === given;
  const check: ReplyCheck = {
    isBookings: scenario.name === 'bookings',
    needsIds: rules.cancelsBy !== 'citizen' && offers('cancel'),
    issueOf: (call, reply) =>
      scenario.replyIssue?.(call, reply, isOfTheContract ? null : (worlds.get(adapter) ?? null)) ?? null,
  };
  return {
    isContract: false,
    rules,
    offers,
    setup: (citizens, send) =>
      preparing('setup', send, async (asked) => adapter.setup?.(citizens, asked.send)),
    reset: (begun, send) => {
      worlds.set(adapter, begun);
      return preparing('reset', send, (asked) => adapter.reset(begun, asked.send));
    },
    perform: (call, send) => {
      const world = worlds.get(adapter);
      // Before there is a city only looks are made, to see whether anybody is there.
      const asked = world === undefined ? call : (scenario.asked?.(call, world) ?? call);
      return performed(adapter, asked as AdapterCall<Call>, new Asked(send), check);
    },
    ...(adapter.inspect ? { inspect: (send: Send) => inspected(adapter, new Asked(send)) } : {}),
  };
}

/** The requests of one piece of an adapter's work: what became of them decides what an error of that work means. */
class Asked {
  readonly #send: Send;
  readonly #open = new Set<Promise<unknown>>();
  readonly #rejections = new Set<unknown>();
  /** What is wrong with a request of the adapter's. */
  wrong: { readonly error: unknown } | null = null;
  /** The last request and its answer, as people are told of them. */
  last: string | null = null;

  constructor(send: Send) {
    this.#send = send;
  }

  readonly send: Send = (request, options) => {
    const sending = this.#sent(request, options);
    // One that nobody awaits any more, as another was lost meanwhile, is no reason to end the process.
    sending.catch(() => undefined);
    return sending;
  };

  /** True for what `send` itself rejected with. */
  rejectedWith(error: unknown): boolean {
    return this.#rejections.has(error);
  }

  get underWay(): number {
    return this.#open.size;
  }

  /** Resolves when no request is under way any more. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#open);
  }

  async #sent(request: HttpRequest, options: Parameters<Send>[1]): Promise<HttpAnswer> {
    try {
      wireRequestOf(request, null);
    } catch (error) {
      this.wrong ??= { error };
      throw error;
    }
    const sending = this.#send(request, options);
    this.#open.add(sending);
    try {
      const answer = await sending;
      this.last = `${request.method} ${request.path} was answered ${shown(answer)}`;
      return answer;
    } catch (error) {
      this.#rejections.add(error);
      throw error;
    } finally {
      this.#open.delete(sending);
    }
  }
}

/** One piece of work, to its end; what goes wrong in it is the adapter's, but for what `send` rejected with. */
async function worked<T>(
  asked: Asked,
  what: string,
  phase: AdapterPhase,
  work: () => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await asked.rest();
    if (asked.wrong) throw failed(phase, what, asked.wrong.error, null);
    throw asked.rejectedWith(error) ? error : failed(phase, what, error, asked.last);
  }
  const { underWay } = asked;
  if (underWay > 0) await asked.rest();
  // Also where the adapter caught it: it could never work.
  if (asked.wrong) throw failed(phase, what, asked.wrong.error, null);
  if (underWay > 0)
    throw wrong(phase, `${what} ended before a request of its own was answered. Await every send().`);
  return result;
}

async function preparing<T>(
  phase: 'setup' | 'reset',
  send: Send,
  work: (asked: Asked) => Promise<T>,
): Promise<T> {
  const asked = new Asked(send);
  try {
    return await worked(asked, `${phase}() of the adapter`, phase, () => work(asked));
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    throw new NotPreparedError(`The service cannot be prepared: ${error.message}.`, { cause: error });
  }
}

function inspected(adapter: AnyAdapter, asked: Asked): Promise<unknown> {
  return worked(asked, 'inspect() of the adapter', 'mapping', async () => adapter.inspect?.(asked.send));
}

async function performed(
  adapter: AnyAdapter,
  call: AdapterCall<Call>,
  asked: Asked,
  check: ReplyCheck,
): Promise<Reply | Breach> {
  const name = adapter.perform ? 'perform' : 'request() and reply';
  const what = `${name}() of the adapter, for ${call.operation},`;
  const said = await worked(asked, what, 'mapping', async () =>
    adapter.perform ? await adapter.perform(call, asked.send) : await short(adapter, call, asked.send),
  );
  const reply = checkReply(call, said, check);
  const after = asked.last === null ? '' : ` after ${asked.last}`;
  if ('no' in reply) throw wrong('mapping', `${what} returned no HttpReply${after}: ${reply.no}. ${HELP}`);
  if (reply.outcome !== 'wrong') return reply;
  return {
    outcome: 'breach',
    message: `${call.operation} got an answer that the API should never give: ${reply.why}${asked.last === null ? '' : ` (${asked.last})`}.`,
    expected: 'an answer that the adapter knows',
  };
}

const HELP = `Where the service should never answer so, return { outcome: 'wrong', why }: then the run fails with that.`;

/** The short form: one request for a call. */
async function short(adapter: AnyAdapter, call: AdapterCall<Call>, send: Send): Promise<unknown> {
  const request = adapter.request?.(call);
  const answer = await send(request as HttpRequest, { raced: true });
  return adapter.reply?.(call, answer);
}

/** An error of the adapter's code, with the part of it that failed. */
function failed(phase: AdapterPhase, what: string, cause: unknown, last: string | null): AdapterError {
  if (cause instanceof AdapterError) return cause;
  const after = last === null ? '' : ` after ${last}`;
  return wrong(phase, `${what} failed${after}: ${errorText(cause)}`, cause);
}

function wrong(phase: AdapterPhase, message: string, cause?: unknown): AdapterError {
  return new AdapterError(message, { phase, role: 'adapter', cause });
}

function shown({ status, text }: HttpAnswer): string {
  return `${status} with ${text === '' ? 'nothing' : text.slice(0, 200)}`;
}
