/** The calls of the public API that the page makes. What comes is of this server's own version and taken as its contract says. */
import type {
  ApiErrorBody,
  Campaign,
  CampaignPage,
  CityState,
  EventPage,
  Launch,
  Run,
  RunnerPage,
  RunPage,
  RunStatus,
  Session,
  SnapshotPage,
  Task,
  TaskKind,
} from '../../../server/contract/index.ts';
import { apiPath, SESSION_PATH } from '../../../server/contract/paths.ts';

/** What a call was answered with when it was not answered as hoped. */
export class ApiProblem extends Error {
  /** Of HTTP; 0 when no answer came. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
  }

  /** True when the same call may be answered later. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export interface RunsQuery {
  status: RunStatus | null;
  campaign: string | null;
  /** Runs older than the one with this id. */
  before: string | null;
  /** How many; a page of the list when it is left out. */
  limit?: number;
}

/** Runs of a page of the list. */
export const RUNS_PAGE = 50;
/** An answer that takes longer is not waited for. */
const PATIENCE_MS = 30_000;

export const api = {
  runs: ({ limit = RUNS_PAGE, ...query }: RunsQuery, signal?: AbortSignal) =>
    get<RunPage>(apiPath.runs(), { limit, ...query }, signal),
  run: (runId: string, signal?: AbortSignal) => get<Run>(apiPath.run(runId), {}, signal),
  events: (runId: string, from: number, limit: number, signal?: AbortSignal) =>
    get<EventPage>(apiPath.events(runId), { from, limit }, signal),
  snapshots: (runId: string, query: { from: number; limit: number; every?: number }, signal?: AbortSignal) =>
    get<SnapshotPage>(apiPath.snapshots(runId), query, signal),
  city: (runId: string, at: number, signal?: AbortSignal) =>
    get<CityState>(apiPath.state(runId), { at }, signal),
  /** Answered with 404 while nobody has asked for it. */
  task: <Kind extends TaskKind>(runId: string, kind: Kind, signal?: AbortSignal) =>
    get<Task<Kind>>(apiPath.task(runId, kind), {}, signal),
  /** Asks for it, so that somebody works at it; also when it was done before. */
  askTask: (runId: string, kind: TaskKind) => send<Task>('POST', apiPath.task(runId, kind), { again: true }),
  /** Those older than the one of this name; null: the newest. */
  campaigns: (before: string | null, signal?: AbortSignal) =>
    get<CampaignPage>(apiPath.campaigns(), { before }, signal),
  campaign: (name: string, signal?: AbortSignal) => get<Campaign>(apiPath.campaign(name), {}, signal),
  runners: (signal?: AbortSignal) => get<RunnerPage>(apiPath.runners(), {}, signal),
  /** One that is pending is given up. */
  cancelTask: (runId: string, kind: TaskKind) => send<Task>('DELETE', apiPath.task(runId, kind), {}),
  launch: (launch: Launch) => send<Run>('POST', apiPath.runs(), launch),
  stop: (runId: string, reason: string) => send<Run>('POST', apiPath.stop(runId), { reason }),
  session: () => get<Session>(SESSION_PATH, {}),
  signIn: (token: string) => send<Session>('POST', SESSION_PATH, { token }),
  signOut: () => send<null>('DELETE', SESSION_PATH, {}),
};

type Query = Readonly<Record<string, string | number | null | undefined>>;

/** @throws ApiProblem, or the reason of `signal`. */
function get<Answer>(path: string, query: Query, signal?: AbortSignal): Promise<Answer> {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === null || value === undefined ? [] : [[name, String(value)]],
  );
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
  return ask<Answer>(`${path}${search}`, {}, signal);
}

function send<Answer>(method: string, path: string, body: unknown): Promise<Answer> {
  const headers = { 'Content-Type': 'application/json' };
  return ask<Answer>(path, { method, headers, body: JSON.stringify(body) });
}

async function ask<Answer>(path: string, init: RequestInit, signal?: AbortSignal): Promise<Answer> {
  const limits = [AbortSignal.timeout(PATIENCE_MS), ...(signal ? [signal] : [])];
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.any(limits) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem(0, 'The server does not answer.');
  }
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? (null as Answer) : ((await response.json()) as Answer);
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const said = await response.json().then(
    (body: ApiErrorBody) => body.error.message,
    () => `The server answered with ${response.status}.`,
  );
  return new ApiProblem(response.status, said);
}

/** Whatever was thrown, as a problem that can be shown. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(-1, error instanceof Error ? error.message : String(error));
}
