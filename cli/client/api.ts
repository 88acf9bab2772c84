/** The API as typed calls: every reply is validated, every error says what to do next. */
import type { z } from 'zod';
import {
  type ApiErrorBody,
  apiErrorSchema,
  apiPath,
  type CityState,
  cityStateSchema,
  type EventPage,
  eventPageSchema,
  type Launch,
  type Run,
  type RunPage,
  type RunStatus,
  runPageSchema,
  runSchema,
  type Smallest,
  type SnapshotPage,
  snapshotPageSchema,
  type Task,
  type TaskEnd,
  type TaskKind,
  type TaskLease,
  type TaskRequest,
  taskLeasedSchema,
  taskSchemas,
  type WaitingTasks,
  waitingTasksSchema,
} from '../../server/contract/index.ts';
import { CliError, EXIT, messageOf } from '../process/errors.ts';
import { systemRefusal } from '../process/system-errors.ts';
import { safeText } from '../run/sanitize.ts';
import { type CallInit, type CampaignApi, campaignCalls } from './campaign-calls.ts';
import { type HttpRequest, send, textOf } from './http.ts';
import { askPatiently, type Exchanged, PATIENCE, type Patience } from './patience.ts';
import { pause } from './pause.ts';

/** Who named a server: --server, SIMCITY_URL, a configuration file, or the note in the data directory. */
export type ServerOrigin = 'flag' | 'environment' | 'file' | 'note';

/** How to reach a server. */
export interface Connection {
  /** Base URL, without a slash at the end. */
  url: string;
  token: string | undefined;
  /** Left out: it is hosted here. */
  origin?: ServerOrigin;
  /**
   * Of a server that several processes take turns to host: resolves once one of them does, whose server has proved
   * itself. `url` and `token` are its own from then on. @throws CliError when there will be none.
   */
  recover?(signal?: AbortSignal): Promise<void>;
}

/** True where SIMCITY_TOKEN is sent: the user named the server in so many words. */
export function getsToken(origin: ServerOrigin): boolean {
  return origin === 'flag' || origin === 'environment';
}

/** What a server that nobody named so says 401 to. */
export const TOKEN_HINT =
  'SIMCITY_TOKEN is only sent where --server or SIMCITY_URL names the server: name it so, if you trust it.';

export interface Api extends CampaignApi {
  readonly connection: Connection;
  /** `runId` may be anything that names a run, here and below. */
  run(runId: string): Promise<Run>;
  runs(query: { status?: RunStatus; limit?: number; before?: string; campaign?: string }): Promise<RunPage>;
  launch(launch: Launch): Promise<Run>;
  /** The run as it is then; it ends a moment later. */
  stop(runId: string, reason?: string): Promise<Run>;
  events(runId: string, query: { from: number; limit: number }): Promise<EventPage>;
  snapshots(runId: string, query: { from: number; limit: number; every?: number }): Promise<SnapshotPage>;
  state(runId: string, at: number): Promise<CityState>;
  /** Stores the smallest reproduction of a failure with its run. */
  storeSmallest(runId: string, smallest: Smallest): Promise<Run>;
  /** A task of a run; null: nobody has asked for it. */
  task<Kind extends TaskKind>(runId: string, kind: Kind): Promise<Task<Kind> | null>;
  askTask<Kind extends TaskKind>(runId: string, kind: Kind, request?: TaskRequest): Promise<Task<Kind>>;
  /** For how many seconds it is held; null: another holds it, or it is over. */
  leaseTask(runId: string, kind: TaskKind, lease: TaskLease): Promise<number | null>;
  /** Stores what came of it; null: the lease is lost, and nothing was stored. */
  endTask<Kind extends TaskKind>(
    runId: string,
    kind: Kind,
    holder: string,
    end: TaskEnd<Kind>,
  ): Promise<Task<Kind> | null>;
  cancelTask<Kind extends TaskKind>(runId: string, kind: Kind): Promise<Task<Kind>>;
  /** Those that are asked for, with nobody at work on them. */
  waitingTasks(limit: number): Promise<WaitingTasks>;
}

export interface ApiOptions {
  /** Aborts every call when the process leaves. */
  signal?: AbortSignal;
  /** Limit for one answer in ms. */
  timeoutMs?: number;
  /** How long a server that has too many requests is waited for. */
  patience?: Patience;
  exchange?: typeof exchange;
}

/**
 * The calls of the server at `connection`. One that it has too many of just now (429) is made again, within
 * bounds, when the server says. @throws CliError from each call that fails.
 */
export function createApi(connection: Connection, options: ApiOptions = {}): Api {
  const ask = <T>(schema: z.ZodType<T> | null, path: string, init: CallInit = {}): Promise<T> =>
    callServer(connection, options, schema, path, init);
  return {
    connection,
    run: (runId) => ask(runSchema, apiPath.run(runId)),
    runs: (query) => ask(runPageSchema, apiPath.runs(), { query }),
    launch: (launch) => ask(runSchema, apiPath.runs(), { body: launch }),
    stop: (runId, reason) =>
      ask(runSchema, apiPath.stop(runId), { body: reason === undefined ? {} : { reason }, mayRepeat: true }),
    events: (runId, query) => ask(eventPageSchema, apiPath.events(runId), { query }),
    snapshots: (runId, query) => ask(snapshotPageSchema, apiPath.snapshots(runId), { query }),
    state: (runId, at) => ask(cityStateSchema, apiPath.state(runId), { query: { at } }),
    storeSmallest: (runId, smallest) =>
      ask(runSchema, apiPath.smallest(runId), { method: 'PUT', body: smallest }),
    task: (runId, kind) => nullFor('not_found', ask(taskSchemas[kind], apiPath.task(runId, kind))),
    askTask: (runId, kind, request = {}) =>
      ask(taskSchemas[kind], apiPath.task(runId, kind), { body: request }),
    leaseTask: async (runId, kind, lease) => {
      const leased = ask(taskLeasedSchema, apiPath.taskLease(runId, kind), { body: lease });
      return (await nullFor('lease_lost', leased))?.seconds ?? null;
    },
    endTask: (runId, kind, holder, end) => {
      const init: CallInit = { method: 'PUT', body: { holder, end } };
      return nullFor('lease_lost', ask(taskSchemas[kind], apiPath.task(runId, kind), init));
    },
    cancelTask: (runId, kind) => ask(taskSchemas[kind], apiPath.task(runId, kind), { method: 'DELETE' }),
    waitingTasks: (limit) => ask(waitingTasksSchema, apiPath.waitingTasks(), { query: { limit } }),
    ...campaignCalls(ask, nullFor),
  };
}

/** Null where the server refuses with this code, which is an answer as well. */
async function nullFor<T>(code: ApiErrorBody['error']['code'], asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CliError && error.cause === code) return null;
    throw error;
  }
}

async function callServer<T>(
  connection: Connection,
  options: ApiOptions,
  schema: z.ZodType<T> | null,
  path: string,
  init: CallInit,
): Promise<T> {
  const { status, text } = await callLasting(connection, options, path, init);
  if (status < 200 || status > 299) throw refusal(connection, status, text);
  if (schema === null) return undefined as T;
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw unreadable(connection, path, parsed.error.issues);
  return parsed.data;
}

/** Times that a call is made whose server goes away, while others take its place. */
const MOST_CALLS = 5;
const BETWEEN_CALLS_MS = 200;

/** Makes the call again where one server takes the place of another. */
async function callLasting(connection: Connection, options: ApiOptions, path: string, init: CallInit) {
  for (let calls = 1; ; calls += 1) {
    const isLast = connection.recover === undefined || calls === MOST_CALLS;
    try {
      const answer = await callPatiently(connection, options, path, init);
      if (isLast || answer.status !== 503) return answer;
    } catch (error) {
      if (isLast || !mayCallAgain(error, init)) throw error;
    }
    if (calls > 1) await pause(BETWEEN_CALLS_MS, options.signal);
    options.signal?.throwIfAborted();
    await connection.recover?.(options.signal);
  }
}

/** What was refused was not done; what was cut off may have been. */
function mayCallAgain(error: unknown, { body, method, mayRepeat = false }: CallInit): boolean {
  return mayRepeat || method !== undefined || body === undefined || causeOf(error) === 'connection refused';
}

async function callPatiently(connection: Connection, options: ApiOptions, path: string, init: CallInit) {
  const url = new URL(connection.url + path);
  for (const [name, value] of Object.entries(init.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const ask = () => call(connection, options, url, init);
  try {
    return await askPatiently(ask, options.patience ?? PATIENCE, options.signal);
  } catch (error) {
    throw error instanceof CliError ? error : unreachable(connection, causeOf(error), error);
  }
}

async function call(connection: Connection, options: ApiOptions, url: URL, init: CallInit) {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (connection.token !== undefined) headers['authorization'] = `Bearer ${connection.token}`;
  if (init.body !== undefined) headers['content-type'] = 'application/json';
  try {
    return await (options.exchange ?? exchange)(url, {
      method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
      headers,
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
  } catch (error) {
    if (timeout.aborted) throw unreachable(connection, 'it did not answer in time', error);
    const refusal = systemRefusal(error);
    if (refusal !== null) throw refusal;
    throw unreachable(connection, causeOf(error), error);
  }
}

/** Sends a request and reads the whole answer. @throws what went wrong with the connection. */
export async function exchange(url: URL, request: HttpRequest): Promise<Exchanged> {
  const answer = await send(url, request);
  const retryAfter = answer.headers['retry-after'];
  return { status: answer.status, text: await textOf(answer, request.signal), retryAfter };
}

/** The error for a server that cannot be reached at all. */
export function unreachable(connection: Connection, why: string, cause?: unknown): CliError {
  return new CliError(`cannot reach the SimCity server at ${safeText(connection.url)}: ${safeText(why)}.`, {
    exitCode: EXIT.unreachable,
    hint: 'Start one with `simcity up`, or name another with --server URL or SIMCITY_URL.',
    cause,
  });
}

/** What stands behind fetch's "fetch failed", in words. */
export function causeOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const code = deepest instanceof Error && 'code' in deepest ? String(deepest.code) : '';
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its host name is not known';
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'the connection was cut';
  const message = messageOf(deepest);
  return message === '' ? code || 'the connection failed' : message;
}

const HINTS: Partial<Record<ApiErrorBody['error']['code'], string>> = {
  pruned: '`simcity runs` lists the runs there are.',
  not_found: '`simcity runs` lists the runs there are.',
  ambiguous_run: 'Give more characters of the id; `simcity runs` lists them.',
  unauthorized: 'Set SIMCITY_TOKEN to a token that this server takes.',
  forbidden: 'Set SIMCITY_TOKEN to a token that may do this.',
  unavailable: 'Its database may be away; try again in a moment.',
  too_many_requests: 'It was waited for. Ask less often, or with a token that nobody else uses.',
};
const USAGE_CODES = new Set([
  'invalid_request',
  'not_found',
  'ambiguous_run',
  'run_ended',
  'pruned',
  'too_large',
]);

/** The error for an answer that is no success. */
export function refusal(connection: Connection, status: number, text: string): CliError {
  const body = apiErrorSchema.safeParse(parseJson(text));
  if (!body.success) {
    const hint =
      status === 429
        ? 'It, or a proxy before it, has too many requests; it was waited for. Try again later.'
        : 'Is it a SimCity server? Check --server and SIMCITY_URL.';
    return new CliError(
      `the server at ${safeText(connection.url)} answered HTTP ${status} without a SimCity error.`,
      { exitCode: EXIT.unreachable, hint },
    );
  }
  const { code, message } = body.data.error;
  const { origin } = connection;
  const withheld = code === 'unauthorized' && origin !== undefined && !getsToken(origin);
  const hint = withheld ? TOKEN_HINT : HINTS[code];
  return new CliError(safeText(message), {
    exitCode: USAGE_CODES.has(code) ? EXIT.usage : EXIT.unreachable,
    ...(hint === undefined ? {} : { hint }),
    cause: code,
  });
}

function unreadable(connection: Connection, path: string, issues: readonly z.core.$ZodIssue[]): CliError {
  const first = issues[0];
  const where = first ? `${first.path.join('.') || 'the whole'}: ${first.message}` : 'not JSON';
  return new CliError(
    `the answer of ${safeText(connection.url)} to ${path} is not what this version understands (${safeText(where)}).`,
    {
      exitCode: EXIT.unreachable,
      hint: 'Is it a SimCity server, and of the same version? See `simcity --version`.',
    },
  );
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
