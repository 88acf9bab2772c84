/** Errors of the API: one shape, the right status, and a message that says what would be right. */
import type { Context } from 'hono';
import type { ApiErrorBody, ErrorCode } from './contract/index.ts';
import { errorCode, gaveWay, isUnreachable } from './db/client.ts';
import { type DatabaseDisk, isDiskFull } from './db/disk.ts';
import type { Difference } from './db/events.ts';
import type { Log } from './process-edge.ts';

export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503;

export class ApiError extends Error {
  readonly status: ErrorStatus;
  readonly code: ErrorCode;
  readonly expected: number | undefined;
  /** Sent with the answer. */
  headers: Readonly<Record<string, string>> = {};

  constructor(status: ErrorStatus, code: ErrorCode, message: string, expected?: number) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.expected = expected;
  }

  body(): ApiErrorBody {
    const { code, message, expected } = this;
    return { error: { code, message, ...(expected === undefined ? {} : { expected }) } };
  }

  /** Adds headers for the answer. */
  with(headers: Readonly<Record<string, string>>): this {
    this.headers = { ...this.headers, ...headers };
    return this;
  }
}

export const invalidRequest = (message: string) => new ApiError(400, 'invalid_request', message);

/** For a run that was removed: there is no way back, and a client need not try again. */
export const pruned = (runId: string, at?: Date) =>
  new ApiError(
    410,
    'pruned',
    `Run ${runId} was removed${at ? ` on ${at.toISOString()}` : ''} with its history (simcity prune). GET /api/ops/simcity/runs lists those there are.`,
  );

/** For a batch of an attempt that repeats a stored history and differs from it: the run has ended with that. */
export const notDeterministic = ({ what, index }: Difference) =>
  new ApiError(
    409,
    'not_deterministic',
    `${what === 'event' ? 'Event' : 'The snapshot after event'} ${index} differs from the one that an earlier attempt stored. The run has ended STOPPED with that difference: stop sending and exit.`,
  );

const unavailable = (message: string) => new ApiError(503, 'unavailable', message);

const DISK_IS_FULL =
  'The disk of the database is full: nothing more can be stored until there is room on it. Then try again.';

/** By what the disk of the database tells of why it is away. */
const AWAY = {
  full: DISK_IS_FULL,
  'said-full':
    'The database cannot be reached just now; the last it said was that its disk is full. Make room on it if it is, then try again.',
  unknown: 'The database cannot be reached just now. Try again in a moment.',
};

/** The errors that simcity_ingest_batch raises, by SQLSTATE, as the API answers them. */
function fromIngest(error: unknown): ApiError | null {
  if (!(error instanceof Error)) return null;
  const detail = 'detail' in error && typeof error.detail === 'string' ? error.detail : '';
  switch (errorCode(error)) {
    case 'SC001':
      return new ApiError(409, 'lease_lost', `The lease is lost: ${error.message}. Stop sending and exit.`);
    case 'SC002':
      return new ApiError(
        409,
        'sequence_gap',
        `A gap: ${error.message}. Send on from index ${detail}.`,
        Number(detail),
      );
    case 'SC003':
      return new ApiError(
        409,
        'sequence_conflict',
        `A conflict: ${error.message}. History is never rewritten; repeat a batch only as it was.`,
      );
    case 'SC004':
      return new ApiError(404, 'not_found', `${error.message}.`);
    case 'SC005':
      return invalidRequest(
        `${error.message}. The event of type end comes last, in the batch with the end report.`,
      );
    case '23505':
      return new ApiError(
        409,
        'sequence_conflict',
        'The batch holds the same index twice. Send each once, in order.',
      );
    // Text that JSON can carry and PostgreSQL cannot.
    case '22P05':
    case '22021':
      return new ApiError(
        422,
        'unstorable_text',
        `The database cannot store a text of the batch: ${error.message}.`,
      );
    default:
      return null;
  }
}

/** The one handler of errors: what it does not know is logged and answered without its details. */
export function toApiError(error: unknown, log: Log, disk: DatabaseDisk): ApiError {
  if (error instanceof ApiError) return error;
  const known = fromIngest(error);
  if (known) return known;
  if (isDiskFull(error)) {
    disk.said();
    log.error({ err: error }, 'the disk of the database is full');
    return unavailable(DISK_IS_FULL);
  }
  if (gaveWay(error)) {
    log.warn({ code: errorCode(error) }, 'the database ended a statement by a time limit, or for another');
    return unavailable(
      `The database ended this for another, or by a time limit of its own (${errorCode(error)}). Try again in a moment.`,
    );
  }
  if (isUnreachable(error)) {
    const why = disk.whyAway ?? 'unknown';
    log.warn({ code: errorCode(error), disk: why }, 'the database cannot be reached');
    return unavailable(AWAY[why]);
  }
  log.error({ err: error }, 'request failed');
  return new ApiError(500, 'internal', 'The server failed on this request; its log says why.');
}

export function answerError(c: Context, error: ApiError): Response {
  if (error.status === 503) c.header('Retry-After', '1');
  for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
  return c.json(error.body(), error.status);
}
