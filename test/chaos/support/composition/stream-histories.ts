/** Judges, while it goes on, what writers, readers and subscribers of runs are told, by the linearizability checker. */
import { HistoryChecker } from '../../../../runner/checkers/history-checker.ts';
import type { SequentialModel } from '../../../../runner/checkers/model.ts';
import type { RunEvent } from '../../../../server/contract/index.ts';
import { digestOf, type StreamAnswer, type StreamCall, streamModel } from './stream-model.ts';

export class StreamHistories {
  /** What no order of the calls explains, in words. */
  readonly problems: string[] = [];
  /** Calls that were answered. */
  answered = 0;
  readonly #checker = new HistoryChecker(
    streamModel as SequentialModel<unknown, unknown, unknown>,
    undefined,
  );
  readonly #known = new Set<string>();
  #calls = 0;

  /** Runs whose history could not be decided, with the reason. */
  get undecided(): ReadonlyMap<string, string> {
    return this.#checker.undecided;
  }

  /** Begins a call; to be told its answer, or null when none will come. */
  begin(runId: string, call: StreamCall): (answer: StreamAnswer | null) => void {
    if (!this.#known.has(runId)) {
      this.#known.add(runId);
      // At whatever time that comes.
      this.#invoke(runId, { kind: 'end' })(null);
    }
    return this.#invoke(runId, call);
  }

  /** Something that is so at this instant. */
  see(runId: string, from: number, events: readonly RunEvent[]): void {
    const call = { kind: 'seen' as const, from, ...contentOf(events) };
    this.begin(runId, call)({ kind: 'refused' });
  }

  #invoke(runId: string, call: StreamCall): (answer: StreamAnswer | null) => void {
    const operation = ++this.#calls;
    const parts = [{ object: runId, call }];
    this.#checker.invoke(operation, parts);
    return (answer) => {
      if (answer === null) return this.#checker.unknown(operation, parts);
      this.answered += 1;
      const violation = this.#checker.complete(operation, parts, [answer]);
      if (violation === null) return;
      const told = answer.kind === 'refused' ? '' : ` was answered ${inWords(answer)}`;
      this.problems.push(
        `the history of run ${runId}: ${inWords(call)}${told}, where it may be ${violation.allowed.join(' or ')}`,
      );
    };
  }
}

/** What the model knows of events. */
export function contentOf(events: readonly RunEvent[]): { events: string[]; ends: boolean } {
  const ends = events.at(-1)?.type === 'end';
  const body = ends ? events.slice(0, -1) : events;
  return { events: body.map((event) => digestOf(JSON.stringify({ ...event, at: '' }))), ends };
}

function inWords(told: StreamCall | StreamAnswer): string {
  const list = 'events' in told ? `${told.events.length} events${told.ends ? ' and an end' : ''}` : '';
  const from = 'from' in told ? ` from ${told.from}` : '';
  const next = 'next' in told ? ` up to ${told.next}` : '';
  return `${told.kind} ${list}${from}${next}`.replaceAll(/ +/g, ' ').trim();
}
