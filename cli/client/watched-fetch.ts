/**
 * The `fetch` that an EventSource gets: it adds headers, holds the server back while the reader is
 * busy, and cuts a link that fell silent (a half-open connection sends nothing, for ever).
 */
import type { EventSourceFetchInit, FetchLikeResponse } from 'eventsource';
import { causeOf } from './api.ts';

export interface WatchedFetchOptions {
  headers: Record<string, string>;
  /** Silence that counts as dead, in ms. */
  idleMs: number;
  /** Resolves when the next piece may be read. */
  mayRead: () => Promise<void>;
  /** Gets the body of an answer that is no stream. */
  onRefusal: (text: string) => void;
}

/** A fetch for `EventSource`. */
export function watchedFetch(options: WatchedFetchOptions) {
  return async (url: string | URL, init: EventSourceFetchInit): Promise<FetchLikeResponse> => {
    const silence = createSilence(options.idleMs);
    const response = await silence
      .during(
        fetch(url, {
          headers: { ...init.headers, ...options.headers },
          redirect: 'follow',
          cache: 'no-store',
          signal: AbortSignal.any([silence.signal, ...(init.signal ? [init.signal as AbortSignal] : [])]),
        }),
      )
      .catch((error: unknown) => {
        throw inWords(error);
      });
    if (response.status !== 200) {
      options.onRefusal(await silence.during(response.text()).catch(() => ''));
      return {
        body: null,
        status: response.status,
        url: response.url,
        redirected: false,
        headers: response.headers,
      };
    }
    return {
      body: response.body === null ? null : watchedBody(response.body, silence, options.mayRead),
      status: response.status,
      url: response.url,
      redirected: response.redirected,
      headers: response.headers,
    };
  };
}

interface Silence {
  signal: AbortSignal;
  during<T>(work: Promise<T>): Promise<T>;
}

/** Aborts its signal when a piece of work takes longer than `idleMs`. The timer keeps the process alive. */
function createSilence(idleMs: number): Silence {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    async during(work) {
      const timer = setTimeout(
        () => controller.abort(new Error(`nothing was heard for ${Math.round(idleMs / 100) / 10} s`)),
        idleMs,
      );
      try {
        return await work;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function watchedBody(
  body: ReadableStream<Uint8Array>,
  silence: Silence,
  mayRead: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await mayRead();
        try {
          const { done, value } = await silence.during(reader.read());
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(inWords(error));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** EventSource takes every `AbortError` for its own closing and would wait for ever. */
function inWords(error: unknown): Error {
  const name = error instanceof Error ? error.name : '';
  if (name === 'AbortError') return error as Error;
  return new Error(causeOf(error));
}
