/** The answer to one group while it comes: what it says, and its bytes for the client. */
import { readError, readReady, readRow, readRowFormats, readRowNames, readTag } from './protocol/backend.ts';
import { errorResponse, readyForQuery } from './protocol/compose.ts';
import { type Message, MessageReader } from './protocol/framing.ts';
import { Spool } from './protocol/spool.ts';
import type { Injected, WireError } from './wire.ts';

/** A message of the extended protocol that is answered; `formats`: of an Execute's rows. */
export interface Expected {
  readonly type: 'P' | 'B' | 'D' | 'E' | 'C';
  readonly formats?: readonly number[];
  /** The gate has added it: the client is not told. */
  readonly isOurs?: boolean;
}

const KEPT_ROWS = 200;
/** A small row is read when somebody asks; of a large one only what is kept of its values stays. */
const LATER_BYTES = 16_384;
/** Rows of more bytes than this are let out as they come, should an answer be held. */
const HELD_BYTES = 64 * 1024 * 1024;
type Row = Injected['rows'][number];
const NO_FORMATS: readonly number[] = [];

export class Answer {
  /** For the client, without the ReadyForQuery. */
  readonly out = new Spool();
  /** What came after the ReadyForQuery. */
  readonly after = new Spool();
  error: WireError | null = null;
  readonly tags: string[] = [];
  rowCount = 0;
  /** The last byte has come. */
  isWhole = false;
  /** The server wants data for a COPY. */
  wantsData = false;
  /** It took data for a COPY, so that it cannot be asked for again. */
  tookData = false;
  #ready: Buffer | null = null;
  #description: Buffer | null = null;
  readonly #endsAtReady: boolean;
  readonly #expected: readonly Expected[];
  #at = 0;
  #formats: readonly number[] = NO_FORMATS;
  readonly #rows: (Row | { bytes: Buffer; formats: readonly number[] })[] = [];

  /** `endsAtReady`: with a ReadyForQuery; else once all of `expected` is answered, or an error has come. */
  constructor(expected: readonly Expected[], endsAtReady: boolean) {
    this.#expected = expected;
    this.#endsAtReady = endsAtReady;
    this.isWhole = !endsAtReady && expected.length === 0;
  }

  get rows(): Injected['rows'] {
    return this.#rows.map((row) => ('bytes' in row ? readRow(row.bytes, row.formats) : row));
  }

  /** The names of the columns of its rows; null: it does not describe them. */
  get columns(): string[] | null {
    return this.#description && readRowNames(this.#description);
  }

  /** `I`, `T` or `E`, of its ReadyForQuery. */
  get ready(): string | null {
    return this.#ready && readReady(this.#ready);
  }

  readyAs(state: string): void {
    if (this.#ready) this.#ready = readyForQuery(state);
  }

  /** Held bytes have grown so many that they are to be let out. */
  get overflows(): boolean {
    return this.out.size > HELD_BYTES;
  }

  /** All bytes for the client that are here; they are gone then. */
  takeBytes(): Buffer[] {
    const ready = this.isWhole && this.#ready ? [this.#ready] : [];
    return [...this.out.take(), ...ready, ...this.after.take()];
  }

  take(message: Message): void {
    const { type, bytes } = message;
    const isOurs = this.#expected[this.#at]?.isOurs === true;
    if (type === 'Z') {
      this.#ready = bytes;
      this.isWhole = true;
      return;
    }
    this.#note(type, bytes);
    if (!(type === '3' && isOurs)) this.out.push(bytes);
    if (!this.#endsAtReady && this.#at >= this.#expected.length) this.isWhole = true;
  }

  #note(type: string, bytes: Buffer): void {
    switch (type) {
      case 'D':
        this.#row(bytes);
        break;
      case 'C':
        this.tags.push(readTag(bytes));
        this.wantsData = false;
        this.#at++;
        break;
      case '1':
      case '2':
      case '3':
      case 'n':
      case 'I':
      case 's':
        this.#at++;
        break;
      case 'T':
        this.#description = bytes;
        if (this.#expected[this.#at]?.type === 'D') this.#at++;
        else this.#formats = readRowFormats(bytes);
        break;
      case 'G':
        this.wantsData = true;
        this.tookData = true;
        break;
      case 'E':
        this.error ??= readError(bytes);
        this.wantsData = false;
        this.#at = this.#expected.length;
        break;
    }
  }

  #row(bytes: Buffer): void {
    this.rowCount++;
    if (this.#rows.length >= KEPT_ROWS) return;
    const formats = this.#expected[this.#at]?.formats ?? this.#formats;
    this.#rows.push(bytes.length > LATER_BYTES ? readRow(bytes, formats) : { bytes, formats });
  }

  /** An error in place of the one that came; without one, in place of what came of the last statement. */
  replaceByError(code: string, words: string): void {
    const response = errorResponse(code, words);
    const messages = messagesOf(this.out.take());
    let at = messages.findIndex(({ type }) => type === 'E');
    if (at < 0) {
      at = messages.findLastIndex(({ type }) => type === 'C' || type === 'I' || type === 's');
      if (at < 0) at = messages.length;
      else this.tags.pop();
      while (at > 0 && this.#isOfResult(messages[at - 1]?.type ?? '')) at--;
    }
    for (const { bytes } of messages.slice(0, at)) this.out.push(bytes);
    this.out.push(response);
    this.error = { code, message: words };
  }

  /** Rows, and in the simple protocol their description, belong to the statement that they are the result of. */
  #isOfResult(type: string): boolean {
    return 'DdcHN'.includes(type) || (type === 'T' && this.#expected.length === 0);
  }
}

function messagesOf(pieces: readonly Buffer[]): Message[] {
  const reader = new MessageReader();
  for (const piece of pieces) reader.push(piece);
  const messages: Message[] = [];
  for (let message = reader.next(); message; message = reader.next()) messages.push(message);
  return messages;
}

/** An answer that the gate makes up: this error, and the state after it where the client waits for one. */
export function errorAnswer(code: string, words: string, state: string | null): Answer {
  const answer = new Answer([], state !== null);
  answer.take({ type: 'E', bytes: errorResponse(code, words) });
  if (state !== null) answer.take({ type: 'Z', bytes: readyForQuery(state) });
  answer.isWhole = true;
  return answer;
}
