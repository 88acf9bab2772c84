/**
 * The stream of a run as an async iterable that survives everything but the end: it resumes with the
 * last id, backs off, notices a link that fell silent, and never hands on a gap or a duplicate.
 */
import {
  apiErrorSchema,
  apiPath,
  type Frame,
  formatCursor,
  frameSchemas,
  parseCursor,
  type StreamMode,
} from '../../server/contract/index.ts';
import { CliError, EXIT } from '../process/errors.ts';
import { safeText } from '../run/sanitize.ts';
import { type Connection, causeOf, parseJson, refusal } from './api.ts';
import { readEventStream, type StreamMessage, StreamRefused } from './event-stream.ts';
import { lazyEvent, lazySnapshot } from './lazy-frames.ts';
import { pause } from './pause.ts';
import { Pursuit } from './pursuit.ts';

/** Whether the stream is connected, for people to see. */
export type LinkStatus =
  | { status: 'connecting' }
  | { status: 'connected' }
  | { status: 'reconnecting'; attempt: number; error: string; retryInMs: number };

export type StreamItem =
  | { kind: 'frame'; frame: Frame; id: string | null }
  | { kind: 'link'; link: LinkStatus };

export interface FollowOptions {
  connection: Connection;
  runId: string;
  /** Index of the first event wanted; 0 by default. */
  from?: number;
  /**
   * `live`: only the newest events and metrics, and `skipped` frames for the others; lossless by default.
   * `auto`: lossless until it falls behind without hope, `live` from then on.
   */
  mode?: StreamMode | 'auto';
  /** True to read of most frames only what says where they stand, and the rest once it is looked at. */
  lazy?: boolean;
  signal?: AbortSignal;
  /** Silence after which the link counts as dead, in ms; the server sends a heartbeat every second. */
  idleMs?: number;
  /** First and longest pause between two attempts, in ms. */
  backoffMs?: { first: number; longest: number };
  /** Attempts in a row without one frame after which it gives up; without limit by default. */
  maxAttempts?: number;
  /** 0 to 1, for the jitter of the pauses. */
  random?: () => number;
  /** Ms of a clock that nobody sets. */
  now?: () => number;
}

/** Answers after which another attempt can only get the same. */
const FINAL_STATUSES = new Set([204, 401, 403, 404, 410]);
type FrameKind = Frame['frame'];
/** Kinds of frames that came later than this version mean nothing to it. */
const FRAME_KINDS = Object.keys(frameSchemas);
/** The same gap that often in a row is the server's, not the link's. */
const MAX_GAPS = 5;
/** A server that tells its readers to stay away for longer is not obeyed: the run would be over. */
const LONGEST_TOLD_MS = 30_000;

/** Where the reader stands in the history. */
interface Position {
  lastId: string | null;
  nextIndex: number;
  gaps: number;
  /** The reconnection time that the server told last (`retry:`), in ms; 0 until it does. */
  retryMs: number;
  mode: StreamMode;
}

/** `afterMs`: what a server that refused asks for this once. `at once`: it is to be asked in another mode. */
type Outcome = { over: true } | 'at once' | { over: false; error: string; afterMs?: number | null };

/**
 * The frames of a run up to its `end`, with changes of the link among them. Returns after `end`, or
 * when `signal` aborts. @throws CliError when the server refuses the stream for good.
 */
export async function* followRun(options: FollowOptions): AsyncGenerator<StreamItem, void, undefined> {
  for await (const items of followInBatches(options)) {
    for (const item of items) {
      if (options.signal?.aborted) return;
      yield item;
    }
  }
}

/** Like `followRun`, with what came in one piece in one piece: for who takes thousands of frames a second. */
export async function* followInBatches(
  options: FollowOptions,
): AsyncGenerator<StreamItem[], void, undefined> {
  const mode = options.mode === 'live' ? 'live' : 'lossless';
  const position: Position = { ...startOf(options), retryMs: 0, mode };
  let attempt = 0;
  while (!options.signal?.aborted) {
    const outcome = yield* readOnce(options, position, () => {
      attempt = 0;
    });
    if (outcome === 'at once') continue;
    if (outcome.over || options.signal?.aborted) return;
    attempt += 1;
    if (options.maxAttempts !== undefined && attempt > options.maxAttempts) {
      throw lost(options.connection, outcome.error, attempt - 1);
    }
    const toldMs = Math.max(position.retryMs, outcome.afterMs ?? 0);
    const retryInMs = waitBefore(attempt, toldMs, options);
    yield [{ kind: 'link', link: { status: 'reconnecting', attempt, error: outcome.error, retryInMs } }];
    await comeBack(options, attempt, retryInMs);
  }
}

function startOf({ from = 0 }: FollowOptions): Pick<Position, 'lastId' | 'nextIndex' | 'gaps'> {
  return { lastId: null, nextIndex: from, gaps: 0 };
}

/** Where others take the place of a server that is gone, it is there as soon as they are; else after the pause. */
async function comeBack({ connection, signal }: FollowOptions, attempt: number, ms: number): Promise<void> {
  if (connection.recover === undefined) return pause(ms, signal);
  const isBack = await connection.recover(signal).then(
    () => true,
    () => false,
  );
  // One that is there, and fails again and again, is not asked without a pause.
  if (!isBack || attempt > 1) await pause(ms, signal);
}

/** One connection. `onProgress` is called when frames came. */
async function* readOnce(
  options: FollowOptions,
  position: Position,
  onProgress: () => void,
): AsyncGenerator<StreamItem[], Outcome, undefined> {
  const { connection, signal } = options;
  const pursuit = new Pursuit();
  try {
    const stream = readEventStream(streamUrl(options, position), {
      kinds: FRAME_KINDS,
      headers: streamHeaders(connection, position),
      idleMs: options.idleMs ?? 10_000,
      onRetry: (ms) => {
        position.retryMs = ms;
      },
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const messages of stream) {
      if (messages.length === 0) {
        yield [{ kind: 'link', link: { status: 'connected' } }];
        continue;
      }
      const { items, problem } = acceptAll(options, position, messages);
      if (items.length > 0) {
        onProgress();
        yield items;
      }
      const last = items.at(-1);
      if (last?.kind === 'frame' && last.frame.frame === 'end') return { over: true };
      if (problem !== null) return { over: false, error: problem };
      if (options.mode === 'auto' && fallsBehind(options, position, pursuit, items)) {
        position.mode = 'live';
        return 'at once';
      }
    }
    return { over: false, error: 'the server closed the stream' };
  } catch (error) {
    if (signal?.aborted) return { over: true };
    if (error instanceof CliError) throw error;
    if (!(error instanceof StreamRefused)) return { over: false, error: causeOf(error) };
    if (FINAL_STATUSES.has(error.status)) throw final(connection, error.status, error.text);
    return { over: false, error: reasonOf(error), afterMs: error.afterMs };
  }
}

/** True when a lossless stream is too much for the link, or for this process. */
function fallsBehind(
  { now = () => performance.now() }: FollowOptions,
  { mode, nextIndex }: Position,
  pursuit: Pursuit,
  items: readonly StreamItem[],
): boolean {
  if (mode === 'live') return false;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    if (item?.kind === 'frame' && item.frame.frame === 'heartbeat')
      return pursuit.isHopeless(item.frame.data, nextIndex, now());
  }
  return false;
}

/** The frames of what came in one piece, up to the end or to a problem. */
function acceptAll(
  options: FollowOptions,
  position: Position,
  messages: readonly StreamMessage[],
): { items: StreamItem[]; problem: string | null } {
  const items: StreamItem[] = [];
  for (const message of messages) {
    const { frame, problem } = accept(options, position, message.event as FrameKind, message);
    if (problem !== null) return { items, problem };
    if (frame === null) continue;
    items.push({ kind: 'frame', frame, id: message.id === '' ? null : message.id });
    if (frame.frame === 'end') break;
  }
  return { items, problem: null };
}

function streamUrl(options: FollowOptions, position: Position): URL {
  const url = new URL(options.connection.url + apiPath.stream(options.runId));
  if (position.lastId === null && position.nextIndex > 0)
    url.searchParams.set('from', String(position.nextIndex));
  if (position.mode === 'live') url.searchParams.set('mode', 'live');
  return url;
}

function streamHeaders(connection: Connection, position: Position): Record<string, string> {
  const headers: Record<string, string> = {};
  if (connection.token !== undefined) headers['authorization'] = `Bearer ${connection.token}`;
  if (position.lastId !== null) headers['last-event-id'] = position.lastId;
  return headers;
}

/** Validates a frame and moves `position`. `frame` null: seen already. `problem`: the link must be made anew. */
function accept(
  options: FollowOptions,
  position: Position,
  name: FrameKind,
  { id, data }: StreamMessage,
): { frame: Frame | null; problem: string | null } {
  const frame = (options.lazy === true ? lazyFrame(name, data) : null) ?? parseFrame(name, data);
  if (frame === null) {
    return { frame: null, problem: `a ${name} frame that this version does not understand` };
  }
  if (frame.frame === 'event') {
    const { index } = frame.data;
    if (index < position.nextIndex) return { frame: null, problem: null };
    if (index > position.nextIndex) return gap(options, position, index);
    position.nextIndex = index + 1;
    position.gaps = 0;
  } else if (frame.frame === 'skipped') {
    const { from, to } = frame.data;
    if (to < position.nextIndex) return { frame: null, problem: null };
    if (from > position.nextIndex) return gap(options, position, from);
    position.nextIndex = to + 1;
    position.gaps = 0;
  } else if (frame.frame === 'reset') {
    // One of a run that was removed is followed by nothing, and coming back by an answer that says so.
    if (frame.data.code !== 'history_lost') return { frame: null, problem: null };
    Object.assign(position, startOf(options));
    return { frame, problem: null };
  } else if (frame.frame === 'snapshot') {
    if (isBehind(position.lastId, id)) return { frame: null, problem: null };
  } else if (frame.frame === 'end' && frame.data.eventIndex >= position.nextIndex) {
    return gap(options, position, frame.data.eventIndex + 1);
  }
  if (id !== '') position.lastId = id;
  return { frame, problem: null };
}

function gap(options: FollowOptions, position: Position, got: number): { frame: null; problem: string } {
  position.gaps += 1;
  if (position.gaps >= MAX_GAPS) {
    throw new CliError(
      `the stream of ${safeText(options.connection.url)} leaves out events: ${position.nextIndex} should come, ${got} came.`,
      {
        exitCode: EXIT.unreachable,
        hint: 'The history may be damaged; `simcity events` shows what is stored.',
      },
    );
  }
  // An id that a gap followed is not trusted; the place after the last good event is.
  position.lastId =
    position.nextIndex > 0 ? formatCursor({ index: position.nextIndex - 1, after: 'event' }) : null;
  return { frame: null, problem: `event ${position.nextIndex} is missing before ${got}` };
}

const AFTER_ORDER = { event: 0, snapshot: 1, end: 2 } as const;

function isBehind(lastId: string | null, id: string): boolean {
  const last = lastId === null ? null : parseCursor(lastId);
  const here = parseCursor(id);
  if (last === null || here === null) return false;
  if (here.index !== last.index) return here.index < last.index;
  return AFTER_ORDER[here.after] <= AFTER_ORDER[last.after];
}

function lazyFrame(name: FrameKind, text: string): Frame | null {
  if (name === 'event') {
    const data = lazyEvent(text);
    return data === null ? null : { frame: name, data };
  }
  if (name !== 'snapshot') return null;
  const data = lazySnapshot(text);
  return data === null ? null : { frame: name, data };
}

function parseFrame(name: FrameKind, text: string): Frame | null {
  try {
    const data = frameSchemas[name].safeParse(JSON.parse(text));
    return data.success ? ({ frame: name, data: data.data } as Frame) : null;
  } catch {
    return null;
  }
}

/** What a refused stream is told with: the server may say what has to be done, such as to close others. */
function reasonOf({ message, text }: StreamRefused): string {
  const said = apiErrorSchema.safeParse(parseJson(text));
  return said.success ? `${message}: ${said.data.error.message}` : message;
}

/** Ms before an attempt: never earlier than the server told, within bounds, and some more for each in vain. */
function waitBefore(attempt: number, toldMs: number, options: FollowOptions): number {
  const random = options.random ?? Math.random;
  const told = Math.min(LONGEST_TOLD_MS, toldMs) * (1 + random() / 4);
  return Math.round(Math.max(told, backoff(attempt, options, random)));
}

/** Equal jitter: from half the doubled pause to all of it, so that many watchers do not return at once. */
function backoff(attempt: number, options: FollowOptions, random: () => number): number {
  const { first, longest } = options.backoffMs ?? { first: 250, longest: 5_000 };
  const whole = Math.min(longest, first * 2 ** Math.min(attempt - 1, 16));
  return whole / 2 + (whole / 2) * random();
}

function final(connection: Connection, status: number, text: string): CliError {
  if (status !== 204) return refusal(connection, status, text);
  return new CliError('the server says that the stream of this run is over.', {
    exitCode: EXIT.unreachable,
    hint: '`simcity show RUN` has its verdict.',
  });
}

function lost(connection: Connection, error: string, attempts: number): CliError {
  return new CliError(
    `lost the SimCity server at ${safeText(connection.url)}: ${safeText(error)} (${attempts} attempts).`,
    { exitCode: EXIT.unreachable, hint: 'The run may go on there: `simcity watch RUN` once it is back.' },
  );
}
