/**
 * One connection to a stream of Server-Sent Events, as batches of messages: what comes in one piece is handed
 * on in one piece, and nothing more is read before it was taken. A link that fell silent is cut, because a
 * half-open connection sends nothing, for ever.
 */
import type { IncomingMessage } from 'node:http';
import type { EventSourceFetchInit, FetchLikeResponse, ReaderLike } from 'eventsource';
import { retryAfterMs } from '../../server/contract/retry-after.ts';
import { type HttpAnswer, send, textOf } from './http.ts';
import { RetryField } from './retry-field.ts';

/** One message of the stream. */
export interface StreamMessage {
  event: string;
  data: string;
  /** Empty where the message brought none. */
  id: string;
}

export interface EventStreamOptions {
  /** The kinds of messages that are wanted; others are passed over. */
  kinds: readonly string[];
  headers: Readonly<Record<string, string>>;
  /** Silence that counts as dead, in ms. */
  idleMs: number;
  /** Called when the server says after how many ms its readers should come back. */
  onRetry?: (ms: number) => void;
  signal?: AbortSignal;
}

/** An answer that is no stream. */
export class StreamRefused extends Error {
  readonly status: number;
  /** The answer's body. */
  readonly text: string;
  /** What `Retry-After` asks for; null where it does not. */
  readonly afterMs: number | null;

  constructor(status: number, text: string, afterMs: number | null) {
    super(`HTTP ${status}`);
    this.status = status;
    this.text = text;
    this.afterMs = afterMs;
  }
}

/** A message that never ends is no message of ours. */
const LONGEST_MESSAGE = 16 * 1024 * 1024;

/**
 * Yields an empty batch once the stream is open, then what comes, until the server closes it.
 * @throws StreamRefused, or what went wrong with the link.
 */
export async function* readEventStream(
  url: URL,
  options: EventStreamOptions,
): AsyncGenerator<StreamMessage[], void, undefined> {
  const link = new AbortController();
  const silence = startSilence(options.idleMs, link);
  const signal = options.signal === undefined ? link.signal : AbortSignal.any([link.signal, options.signal]);
  let body: IncomingMessage | null = null;
  try {
    const headers = { accept: 'text/event-stream', 'cache-control': 'no-store', ...options.headers };
    const answer = await send(url, { headers, signal });
    body = answer.body;
    if (answer.status !== 200) {
      const afterMs = retryAfterMs(answer.headers['retry-after']);
      throw new StreamRefused(answer.status, await textOf(answer, signal), afterMs);
    }
    silence.isOver();
    yield [];
    yield* readMessages(url, answer, options, silence);
  } catch (error) {
    throw signal.aborted && !(error instanceof StreamRefused) ? signal.reason : error;
  } finally {
    silence.stop();
    body?.destroy();
  }
}

/**
 * The package eventsource reads the stream. It would connect anew by itself, but gives up after one 503, lets
 * the process end while it waits, and knows no silence: so it is given one connection, and what comes of it.
 */
async function* readMessages(
  url: URL,
  answer: HttpAnswer,
  { kinds, onRetry }: EventStreamOptions,
  silence: Silence,
): AsyncGenerator<StreamMessage[], void, undefined> {
  const { EventSource } = await import('eventsource');
  const chunks = new ChunkReader();
  const retryField = new RetryField();
  const fetch = async (_url: string | URL, _init: EventSourceFetchInit) => responseOf(url, answer, chunks);
  const source = new EventSource(url, { fetch, maxBufferSize: LONGEST_MESSAGE });
  source.addEventListener('error', ({ message }) =>
    chunks.fail(new Error(message ?? 'the stream cannot be read')),
  );
  let messages: StreamMessage[] = [];
  let lastId = '';
  for (const kind of kinds) {
    source.addEventListener(kind, ({ data, lastEventId }) => {
      // A message without an id is told that of the one before.
      messages.push({ event: kind, data, id: lastEventId === lastId ? '' : lastEventId });
      lastId = lastEventId;
    });
  }
  try {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      silence.pause();
      const retryMs = retryField.take(chunk);
      if (retryMs !== null) onRetry?.(retryMs);
      await chunks.hand(chunk);
      if (messages.length > 0) {
        const batch = messages;
        messages = [];
        yield batch;
      }
      silence.isOver();
    }
  } finally {
    source.close();
  }
}

function responseOf(url: URL, { status, headers }: HttpAnswer, chunks: ReaderLike): FetchLikeResponse {
  return {
    ...{ status, url: url.href, redirected: false, body: { getReader: () => chunks } },
    headers: {
      get(name) {
        const value = headers[name.toLowerCase()];
        return value === undefined ? null : String(value);
      },
    },
  };
}

/** Hands chunks on one by one, each when the one before was read. */
class ChunkReader implements ReaderLike {
  #asked = Promise.withResolvers<(chunk: { done: false; value: Uint8Array }) => void>();

  read(): Promise<{ done: false; value: Uint8Array }> {
    return new Promise((resolve) => this.#asked.resolve(resolve));
  }

  /** The connection is ended by whoever reads the body. */
  async cancel(): Promise<void> {}

  /** Resolves once all messages in `chunk` have come. @throws what keeps the stream from being read. */
  async hand(chunk: Uint8Array): Promise<void> {
    const give = await this.#asked.promise;
    this.#asked = Promise.withResolvers();
    give({ done: false, value: chunk });
    await this.#asked.promise;
  }

  fail(error: Error): void {
    this.#asked.promise.catch(() => {});
    this.#asked.reject(error);
  }
}

interface Silence {
  /** Something was heard: waiting begins anew. */
  isOver(): void;
  /** The reader is busy, so that nothing can be heard. */
  pause(): void;
  stop(): void;
}

/** Aborts `link` after so many ms of silence. The timer keeps the process alive. */
function startSilence(idleMs: number, link: AbortController): Silence {
  const isSilent = () => link.abort(new Error(`nothing was heard for ${Math.round(idleMs / 100) / 10} s`));
  let timer = setTimeout(isSilent, idleMs);
  let isPaused = false;
  return {
    isOver() {
      if (isPaused) timer = setTimeout(isSilent, idleMs);
      else timer.refresh();
      isPaused = false;
    },
    pause() {
      clearTimeout(timer);
      isPaused = true;
    },
    stop: () => clearTimeout(timer),
  };
}
