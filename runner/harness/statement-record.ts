/** Writes each statement of a service into the history, as an event of its own type (`--record statements`). */

import type { JsonObject, RunConfig } from '../../server/contract/index.ts';
import { oneLine } from '../service/in-short.ts';
import { withoutLiterals } from '../service/without-literals.ts';
import type { StatementWatch, WatchedStatement } from '../targets/statements.ts';
import type { Attempt } from './attempt.ts';
import type { ExecuteOptions } from './execute-options.ts';
import { requestKey } from './guide.ts';
import type { Recorder } from './recorder.ts';

/** Of a text, its values and its answer, in characters. */
const MOST_CHARACTERS = 1_000;
/** Of the form of the events. */
const VERSION = 1;
/** Of the statements that one has waited for. */
const MOST_WAITED = 50;
/** The actor of what nobody asked for. */
const SERVICE = 'service';

export class StatementRecord implements StatementWatch {
  readonly #withValues: boolean;
  readonly #next: StatementWatch | undefined;
  #history: { readonly recorder: Recorder; readonly now: () => number } | null = null;

  /** `next`: who else listens. */
  constructor({ redactValues }: RunConfig, next: StatementWatch | undefined) {
    this.#withValues = !redactValues;
    this.#next = next;
  }

  /** Into this history from now on; before it has one there is nothing to write. `now`: virtual ms since the start. */
  into(recorder: Recorder, now: () => number): void {
    this.#history = { recorder, now };
  }

  /** The run has its verdict: what the service ends afterwards is no part of it. */
  over(): void {
    this.#history = null;
  }

  async prepared(...how: Parameters<NonNullable<StatementWatch['prepared']>>): Promise<void> {
    await this.#next?.prepared?.(...how);
  }

  began(statement: WatchedStatement): void {
    this.#next?.began(statement);
  }

  async settled(
    statement: WatchedStatement,
    control: Parameters<StatementWatch['settled']>[1],
  ): Promise<void> {
    this.#write(statement);
    await this.#next?.settled(statement, control);
  }

  #write(statement: WatchedStatement): void {
    if (this.#history === null) return;
    const { recorder, now } = this.#history;
    // Nobody reads it; the indexes of the other events are as in a run that is read.
    if (recorder.silent) return void recorder.count();
    const attempt = statement.owner as Attempt | null;
    // Whom it is about is a value like others; the operation has it.
    const actor = this.#withValues ? (attempt?.flow.actor ?? SERVICE) : SERVICE;
    recorder.record(now(), 'statement', actor, this.#told(statement, attempt));
  }

  #told(statement: WatchedStatement, attempt: Attempt | null): JsonObject {
    const { id, kind, text, values, rows, tag, count, error, connection, transaction } = statement;
    const { isolation, waitedFor, takenBack } = statement;
    return {
      v: VERSION,
      id,
      ...(attempt ? { op: attempt.id, request: requestKey(attempt) } : {}),
      kind,
      text: cut(oneLine(this.#withValues ? text : withoutLiterals(text))),
      ...(this.#withValues && values.length > 0 ? { values: inShort(values) } : {}),
      ...(this.#withValues && rows && rows.length > 0 ? { answer: inShort(rows) } : {}),
      tag,
      count,
      error,
      connection,
      transaction,
      ...(isolation === null ? {} : { isolation }),
      ...(waitedFor.length > 0 ? { waitedFor: waitedFor.slice(0, MOST_WAITED) } : {}),
      ...(takenBack > 0 ? { takenBack } : {}),
    };
  }
}

/** What writes statements into the history; null: nobody has asked for it. */
export function recordOf({
  config,
  statements,
}: Pick<ExecuteOptions, 'config' | 'statements'>): StatementRecord | null {
  return config.record === 'statements' ? new StatementRecord(config, statements) : null;
}

function inShort(value: unknown): string {
  return cut(JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)));
}

/** By whole characters: half of one is no text for a database. */
function cut(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  return `${text.slice(0, MOST_CHARACTERS - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
