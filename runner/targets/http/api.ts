/** An HTTP API for the calls of `bookings`: that of the contract, or one that an adapter of the user's maps them to. */
import type { DeclaredRules, JsonObject } from '../../../server/contract/index.ts';
import type { Call, Reply } from '../../service/call.ts';

/** An answer that the API does not know, in a sentence for people. */
export interface Breach {
  readonly outcome: 'breach';
  readonly message: string;
  readonly expected: string;
}

/** A request of an adapter's. Its body is one of `json`, `form`, `text` and `bytes`, or there is none. */
export interface HttpRequest {
  readonly method: string;
  /** After the URL of the target, with its query: `/v2/slots/7?full=1`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as application/x-www-form-urlencoded. */
  readonly form?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as it is, in UTF-8; `type` is its content type, text/plain unless it is given. */
  readonly text?: string;
  /** Sent as they are; `type` is their content type, application/octet-stream unless it is given. */
  readonly bytes?: Uint8Array;
  readonly type?: string;
  /** Whose cookies go with it, and keep what its answer sets: the name of a citizen. None: no cookies. */
  readonly jar?: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

/**
 * Sends one request of a call. `raced: true`: it is the one that leaves at the same instant as its rivals and that
 * faults strike; without it anywhere in the call, that is the first request that is not a GET.
 * Rejects with an Unanswered when no answer came, or a 5xx.
 */
export type Send = (request: HttpRequest, options?: { readonly raced?: boolean }) => Promise<HttpAnswer>;

/** No answer came, or a 5xx: it is not known what happened. An adapter may catch it and look; left uncaught, the outcome of the call is unknown. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  /** The status of a 5xx; null: no answer came. */
  readonly status: number | null;
  /** False when the service certainly never had all of the request. */
  readonly whole: boolean;
  /** The citizen waited as long as was agreed. */
  readonly isLate: boolean;

  constructor(
    cause: string,
    {
      status = null,
      whole = true,
      isLate = false,
    }: { status?: number | null; whole?: boolean; isLate?: boolean } = {},
  ) {
    super(cause);
    this.status = status;
    this.whole = whole;
    this.isLate = isLate;
  }
}

/** An HTTP API for the calls of a scenario: that of its own mapping, or of an adapter of the user's. */
export interface HttpApi {
  /** True for the booking contract's own API, of which it is known what it answers to requests that are malformed. */
  readonly isContract: boolean;
  /** What the adapter declares of the service. */
  readonly rules: DeclaredRules;
  /** False for calls that the API has no request for. */
  offers(operation: string): boolean;
  /** Once a run, before the first reset: accounts and tokens of all citizens that will ever call. */
  setup(citizens: readonly string[], send: Send): Promise<void>;
  /** Opens a fresh city. Rejects with a NotPreparedError where the service did not, with an AdapterError where the adapter broke. */
  reset(world: JsonObject, send: Send): Promise<void>;
  /** Carries out one call. Rejects with an Unanswered that the adapter left uncaught, or with an AdapterError. */
  perform(call: Call, send: Send): Promise<Reply | Breach>;
  /** The whole city at rest, as the scenario's audit takes it; left out: there is no such look. */
  inspect?(send: Send): Promise<unknown>;
}

/** The service did not open a fresh city: no answer came, or one that says that it did not. */
export class NotPreparedError extends Error {
  override readonly name = 'NotPreparedError';
}

/** What is wrong with the answer to a request that prepares the city. */
export function notPrepared(
  { method, path }: HttpRequest,
  { status, text }: HttpAnswer,
  expected: string,
): NotPreparedError {
  const answer = text === '' ? '' : `: ${text.slice(0, 200)}`;
  return new NotPreparedError(
    `The service cannot be prepared: ${method} ${path} was answered ${status}${answer}. It should be answered ${expected}; is this the booking service? One with another API takes --adapter FILE, which \`simcity init\` writes.`,
  );
}
