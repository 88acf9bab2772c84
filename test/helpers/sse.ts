/** Reads a stream of Server-Sent Events as it comes over the wire, frame by frame. */
import { request } from 'node:http';
import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface ReadFrame {
  id: string | undefined;
  frame: string;
  data: Record<string, unknown>;
}

export interface SseReader {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  frames: AsyncIterableIterator<ReadFrame>;
  /** The last `retry:` that the server sent, in milliseconds. */
  retry: () => number | null;
  cut(): void;
}

/** Connects and resolves with the head of the answer; the frames follow until the server closes. */
export function readSse(url: string, headers: Record<string, string> = {}): Promise<SseReader> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, (response) => {
      let retry: number | null = null;
      async function* frames(): AsyncGenerator<ReadFrame> {
        const ready: EventSourceMessage[] = [];
        const parser = createParser({
          onEvent: (message) => ready.push(message),
          onRetry: (ms) => {
            retry = ms;
          },
        });
        response.setEncoding('utf8');
        try {
          for await (const chunk of response) {
            parser.feed(chunk as string);
            for (const { id, event, data } of ready.splice(0)) {
              yield { id, frame: event ?? 'message', data: JSON.parse(data) as Record<string, unknown> };
            }
          }
        } catch {
          // Cut by the server or by the test: the frames end here.
        }
      }
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        frames: frames(),
        retry: () => retry,
        cut: () => response.destroy(),
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Frames until the stream closes, or until `enough` says so after a frame (which is the last). */
export async function collect(
  reader: SseReader,
  enough: (frame: ReadFrame) => boolean = () => false,
): Promise<ReadFrame[]> {
  const all: ReadFrame[] = [];
  for await (const frame of reader.frames) {
    all.push(frame);
    if (enough(frame)) break;
  }
  return all;
}

/** The places of the frames that carry history, in order. */
export function cursors(frames: ReadFrame[]): string[] {
  return frames.filter(({ frame }) => frame === 'event' || frame === 'snapshot').map(({ id }) => placeIn(id));
}

/** What an id says of the place in the history, without who stored it. */
export function placeIn(id: string | undefined): string {
  return id?.split('.')[0] ?? '';
}
