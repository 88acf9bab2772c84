/**
 * One connection to a stream of Server-Sent Events, as batches of messages: what comes in one piece is handed
 * on in one piece, and nothing more is read before it was taken. A link that fell silent is cut, because a
 * half-open connection sends nothing, for ever.
 */
import type { IncomingMessage } from 'node:http';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { send, textOf } from './http.ts';

export interface EventStreamOptions {
  headers: Readonly<Record<string, string>>;
  /** Silence that counts as dead, in ms. */
  idleMs: number;
  signal?: AbortSignal;
}

/** An answer that is no stream. */
export class StreamRefused extends Error {
  readonly status: number;
  /** The answer's body. */
  readonly text: string;

  constructor(status: number, text: string) {
    super(`HTTP ${status}`);
    this.status = status;
    this.text = text;
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
): AsyncGenerator<EventSourceMessage[], void, undefined> {
  const link = new AbortController();
  const silence = startSilence(options.idleMs, link);
  const signal = options.signal === undefined ? link.signal : AbortSignal.any([link.signal, options.signal]);
  let body: IncomingMessage | null = null;
  try {
    const headers = { accept: 'text/event-stream', 'cache-control': 'no-store', ...options.headers };
    const answer = await send(url, { headers, signal });
    body = answer.body;
    if (answer.status !== 200) throw new StreamRefused(answer.status, await textOf(answer, signal));
    silence.isOver();
    yield [];
    yield* readBody(body, silence);
  } catch (error) {
    throw signal.aborted && !(error instanceof StreamRefused) ? signal.reason : error;
  } finally {
    silence.stop();
    body?.destroy();
  }
}

async function* readBody(
  body: IncomingMessage,
  silence: Silence,
): AsyncGenerator<EventSourceMessage[], void, undefined> {
  let messages: EventSourceMessage[] = [];
  let fed = 0;
  const parser = createParser({
    onEvent: (message) => {
      messages.push(message);
      fed = 0;
    },
  });
  body.setEncoding('utf8');
  for await (const chunk of body as AsyncIterable<string>) {
    silence.pause();
    parser.feed(chunk);
    fed += chunk.length;
    if (fed > LONGEST_MESSAGE) throw new Error('a message of the stream does not end');
    if (messages.length > 0) {
      const batch = messages;
      messages = [];
      yield batch;
    }
    silence.isOver();
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
