/** Who is told something of runs: subscribers, readers, and whoever sends telemetry. All of it is held against the model. */
import { apiPath, type RunEvent } from '../../../../server/contract/index.ts';
import { Subscriber } from '../subscriber.ts';
import { pass } from '../until.ts';
import { contentOf, StreamHistories } from './stream-histories.ts';
import type { StreamAnswer } from './stream-model.ts';

const ANSWER_MS = 2_000;
const RETRY_MS = 50;
const SEEN_AT_ONCE = 10;
const PAGE = 10_000;

export class Observers {
  readonly histories = new StreamHistories();
  /** What was wrong besides, in words. */
  readonly problems: string[] = [];
  /** That subscribers got. */
  events = 0;
  readonly #readers: Promise<void>[] = [];
  #over = false;

  /** Resolves when each reader has read an end, or is told that there is nothing to read any more. */
  async allRead(): Promise<void> {
    await Promise.all(this.#readers);
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.allRead();
  }

  subscribe(url: string, runId: string): Subscriber {
    let waiting: RunEvent[] = [];
    return new Subscriber(url, runId, {
      onEvent: (index, text) => {
        this.events += 1;
        const event = JSON.parse(text) as RunEvent;
        waiting.push(event);
        if (waiting.length < SEEN_AT_ONCE && event.type !== 'end') return;
        this.histories.see(runId, index + 1 - waiting.length, waiting);
        waiting = [];
      },
    });
  }

  /** Reads what is stored, again and again until the end. */
  read(url: string, runId: string): void {
    this.#readers.push(this.#readToEnd(url, runId));
  }

  /** For `watch` of a proxy. */
  watchBatch(runId: string, token: string, body: Buffer) {
    const { events = [] } = JSON.parse(body.toString()) as { events?: RunEvent[] };
    const [first] = events;
    const settle = first
      ? this.histories.begin(runId, { kind: 'append', token, from: first.index, ...contentOf(events) })
      : () => undefined;
    return (answer: { status: number; body: Buffer } | null) => {
      if (answer === null) return settle(null);
      this.answered(`a batch of run ${runId}`, answer.status, answer.body.toString());
      settle(answerOf(answer.status, answer.body));
    };
  }

  /** Whatever happens, the server does not say that it is at fault. */
  answered(what: string, status: number, body = ''): void {
    if (status === 500) this.problems.push(`${what} was answered with 500 ${body}`);
  }

  async #readToEnd(url: string, runId: string): Promise<void> {
    for (let from = 0; !this.#over; await pass(RETRY_MS)) {
      const settle = this.histories.begin(runId, { kind: 'read', from });
      const path = `${apiPath.events(runId)}?from=${from}&limit=${PAGE}`;
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(
        () => null,
      );
      const page = response?.ok
        ? ((await response.json().catch(() => null)) as { events: RunEvent[] } | null)
        : null;
      settle(page === null ? null : { kind: 'page', ...contentOf(page.events) });
      if (response !== null) this.answered(`GET ${path}`, response.status);
      if (page?.events.at(-1)?.type === 'end' || response?.status === 410) return;
      from += page?.events.length ?? 0;
    }
  }
}

/** Null: it may have been stored. */
function answerOf(status: number, body: Buffer): StreamAnswer | null {
  if (status === 200) return { kind: 'stored', next: (JSON.parse(body.toString()) as { next: number }).next };
  return status >= 500 ? null : { kind: 'refused' };
}
