/**
 * Reads the events of a batch in one pass over its bytes: what a harness sends is checked, and made into the
 * rows of COPY and the frames of streams, without a value being made of it. It never
 * refuses: whatever is not in the one form that it knows (null) is parsed and left to the schemas, which are
 * the contract. A property test holds the two together.
 */
import { isUtf8 } from 'node:buffer';
import type { EventBlock } from './event-block.ts';
import { literalEnd, NOT_CANONICAL, numberEnd, objectEnd, plainStringEnd } from './scan-json.ts';

/** As the schemas have them. */
const MAX_ITEMS = 10_000;
const MAX_TYPE = 100;
const MAX_ACTOR = 200;

const LIST = Buffer.from('{"events":[');
const INDEX = Buffer.from('{"index":');
const AT = Buffer.from(',"at":"');
const VIRTUAL_MS = Buffer.from('","virtualMs":');
const TYPE = Buffer.from(',"type":');
const ACTOR = Buffer.from(',"actor":');
const DATA = Buffer.from(',"data":');
const END_TYPE = Buffer.from('"end"');

const TIME_LENGTH = 24;
const INDEX_DIGITS = 15;
const COMMA = 0x2c;
const CLOSE_LIST = 0x5d;
const CLOSE_OBJECT = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;
const TAB = 0x09;
const LINE_FEED = 0x0a;

export interface ScannedEvents {
  block: EventBlock;
  /** Bytes of the longest. */
  longest: number;
  /** Behind the list, where the rest of the body begins. */
  end: number;
}

/** Null: the events are not canonical, do not follow one another, or the event `end` is among them. */
export function scanEvents(body: Buffer, runId: string): ScannedEvents | null {
  if (literalEnd(body, 0, LIST) === NOT_CANONICAL || !isUtf8(body)) return null;
  const scan = new Scan(body, runId);
  let at = LIST.length;
  if (body[at] !== CLOSE_LIST) {
    for (;;) {
      at = scan.event(at);
      if (at === NOT_CANONICAL) return null;
      if (body[at] !== COMMA) break;
      at += 1;
    }
  }
  if (body[at] !== CLOSE_LIST) return null;
  return { block: scan.block(), longest: scan.longest, end: at + 1 };
}

class Scan {
  readonly #body: Buffer;
  readonly #run: Buffer;
  #rows: Buffer;
  /** Bytes of `rows` that are written. */
  #written = 0;
  #spans = new Uint32Array(1024);
  #first = -1;
  #firstAt = '';
  #count = 0;
  /** At or behind where it was last looked for. */
  #nextBackslash = -1;
  longest = 0;

  constructor(body: Buffer, runId: string) {
    this.#body = body;
    this.#run = Buffer.from(`${runId}\t`, 'latin1');
    // A row is shorter than its JSON, unless there are backslashes, of which COPY wants two.
    this.#rows = Buffer.allocUnsafeSlow(body.length);
  }

  block(): EventBlock {
    return {
      first: Math.max(0, this.#first),
      count: this.#count,
      json: this.#body,
      spans: this.#spans.subarray(0, 2 * this.#count),
      firstAt: this.#firstAt,
      rows: this.#rows.subarray(0, this.#written),
    };
  }

  /** The place behind the event that begins at `start`. */
  event(start: number): number {
    const body = this.#body;
    // A step that fails makes those after it fail: there is nothing at NOT_CANONICAL.
    const index = literalEnd(body, start, INDEX);
    const indexEnd = this.#indexEnd(index);
    const at = literalEnd(body, indexEnd, AT);
    const atEnd = timeEnd(body, at);
    const virtualMs = literalEnd(body, atEnd, VIRTUAL_MS);
    const virtualMsEnd = isDigit(body[virtualMs]) ? numberEnd(body, virtualMs) : NOT_CANONICAL;
    const type = literalEnd(body, virtualMsEnd, TYPE);
    const typeEnd = typeEndOf(body, type);
    const actor = literalEnd(body, typeEnd, ACTOR);
    const actorEnd = textEnd(body, actor, MAX_ACTOR);
    const data = literalEnd(body, actorEnd, DATA);
    const dataEnd = objectEnd(body, data);
    if (body[dataEnd] !== CLOSE_OBJECT || !this.#mark(start, dataEnd + 1)) return NOT_CANONICAL;
    if (this.#count === 1) this.#firstAt = body.toString('latin1', at, atEnd);
    this.#reserve(this.#run.length + 2 * (dataEnd - start));
    this.#write(this.#run, 0, this.#run.length);
    this.#field(index, indexEnd);
    this.#field(at, atEnd);
    this.#field(virtualMs, virtualMsEnd);
    this.#field(type + 1, typeEnd - 1);
    this.#field(actor + 1, actorEnd - 1);
    this.#lastField(data, dataEnd);
    return dataEnd + 1;
  }

  /** Behind the index at `at` when it is the one that comes next. */
  #indexEnd(at: number): number {
    const body = this.#body;
    let index = 0;
    let end = at;
    for (; isDigit(body[end]) && end - at <= INDEX_DIGITS; end++)
      index = index * 10 + (body[end] as number) - ZERO;
    const hasLeadingZero = body[at] === ZERO && end > at + 1;
    if (end === at || end - at > INDEX_DIGITS || hasLeadingZero) return NOT_CANONICAL;
    if (this.#count === 0) this.#first = index;
    return index === this.#first + this.#count ? end : NOT_CANONICAL;
  }

  /** False when there are too many. */
  #mark(start: number, end: number): boolean {
    if (this.#count === MAX_ITEMS) return false;
    const place = 2 * this.#count;
    if (place === this.#spans.length) {
      const longer = new Uint32Array(2 * place);
      longer.set(this.#spans);
      this.#spans = longer;
    }
    this.#spans[place] = start;
    this.#spans[place + 1] = end;
    this.#count += 1;
    this.longest = Math.max(this.longest, end - start);
    return true;
  }

  #reserve(bytes: number): void {
    if (this.#written + bytes <= this.#rows.length) return;
    const longer = Buffer.allocUnsafeSlow(2 * this.#rows.length + bytes);
    this.#rows.copy(longer, 0, 0, this.#written);
    this.#rows = longer;
  }

  #field(start: number, end: number): void {
    this.#write(this.#body, start, end);
    this.#rows[this.#written++] = TAB;
  }

  /** So few bytes that a call to copy them would cost more. */
  #write(from: Buffer, start: number, end: number): void {
    const rows = this.#rows;
    let to = this.#written;
    for (let i = start; i < end; i++) rows[to++] = from[i] as number;
    this.#written = to;
  }

  /** COPY takes a backslash for the begin of an escape, and JSON holds no other byte that it minds. */
  #lastField(start: number, end: number): void {
    const body = this.#body;
    let from = start;
    for (let special = this.#backslash(from); special < end; special = this.#backslash(from)) {
      this.#written += body.copy(this.#rows, this.#written, from, special + 1);
      this.#rows[this.#written++] = BACKSLASH;
      from = special + 1;
    }
    this.#written += body.copy(this.#rows, this.#written, from, end);
    this.#rows[this.#written++] = LINE_FEED;
  }

  /** Where the next backslash is. Searched once for each there is: most bodies have none. */
  #backslash(from: number): number {
    if (this.#nextBackslash < from) {
      const found = this.#body.indexOf(BACKSLASH, from);
      this.#nextBackslash = found === -1 ? Number.POSITIVE_INFINITY : found;
    }
    return this.#nextBackslash;
  }
}

/** Behind a type that is not the one of the last event of all, which is looked at more closely. */
function typeEndOf(body: Buffer, at: number): number {
  const isEmpty = body[at + 1] === QUOTE;
  return isEmpty || literalEnd(body, at, END_TYPE) !== NOT_CANONICAL
    ? NOT_CANONICAL
    : textEnd(body, at, MAX_TYPE);
}

/** Behind a text without escapes of at most `most` bytes, and so of no more characters. */
function textEnd(body: Buffer, at: number, most: number): number {
  const end = plainStringEnd(body, at);
  return end - at - 2 > most ? NOT_CANONICAL : end;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

/** Behind a time such as `2026-01-31T12:00:00.123Z`: what `Date.prototype.toISOString` writes for the years 1000 to 9999. */
function timeEnd(body: Buffer, at: number): number {
  for (let i = 0; i < TIME_LENGTH; i++) {
    const wanted = TIME_MARKS[i] as number;
    if (wanted === 0 ? !isDigit(body[at + i]) : body[at + i] !== wanted) return NOT_CANONICAL;
  }
  const month = twoDigits(body, at + 5);
  const day = twoDigits(body, at + 8);
  // PostgreSQL knows no year 0.
  const isDay = body[at] !== ZERO && day >= 1 && day <= (DAYS[month] ?? 0);
  const isTime =
    twoDigits(body, at + 11) <= 23 && twoDigits(body, at + 14) <= 59 && twoDigits(body, at + 17) <= 59;
  return isDay && isTime ? at + TIME_LENGTH : NOT_CANONICAL;
}

/** Of each month from 1 on; the 29th of February is left to the schemas. */
const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Bytes that must stand there; 0 for a digit. */
const TIME_MARKS = Uint8Array.from('0000-00-00T00:00:00.000Z', (mark) =>
  mark === '0' ? 0 : mark.charCodeAt(0),
);

function twoDigits(body: Buffer, at: number): number {
  return 10 * ((body[at] as number) - ZERO) + (body[at + 1] as number) - ZERO;
}
