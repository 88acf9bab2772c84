/**
 * Steps over canonical JSON in UTF-8, byte by byte. Canonical is what `JSON.stringify` writes, less what is rare:
 * for such bytes, parsing and writing again gives the same bytes. Every function takes the place where a value
 * begins and returns the place behind it, or NOT_CANONICAL; that never means that the JSON is wrong. The
 * grammar is RFC 8259's; which numbers are canonical follows from ECMA-262, Number::toString.
 */

export const NOT_CANONICAL = -1;

/** Levels of objects and lists. */
const MAX_DEPTH = 64;
/** Of one object. */
const MAX_KEYS = 64;
/** Digits that a double always gives back. */
const EXACT_DIGITS = 15;
/** Longest text that Number::toString writes, and some more. */
const LONGEST_NUMBER = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const UNDERSCORE = 0x5f;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const FIRST_PRINTABLE = 0x20;

/** What may follow a backslash: `\uXXXX` and `\/` are not written for text that can be stored. */
const IS_SHORT_ESCAPE = new Uint8Array(256);
for (const letter of '"\\bfnrt') IS_SHORT_ESCAPE[letter.charCodeAt(0)] = 1;
/** What may stand in a number. */
const IS_OF_NUMBER = new Uint8Array(256);
for (const part of '0123456789+-.eE') IS_OF_NUMBER[part.charCodeAt(0)] = 1;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/** Hashes of the keys of the objects that are open, one stack for all: nothing here waits. */
const keyHashes = new Int32Array(MAX_DEPTH * MAX_KEYS);

/** Behind `text` when that is what stands at `at`. */
export function literalEnd(json: Buffer, at: number, text: Buffer): number {
  for (let i = 0; i < text.length; i++) if (json[at + i] !== text[i]) return NOT_CANONICAL;
  return at + text.length;
}

export function valueEnd(json: Buffer, at: number, depth = 0): number {
  switch (json[at]) {
    case QUOTE:
      return stringEnd(json, at);
    case OPEN_OBJECT:
      return objectEnd(json, at, depth);
    case OPEN_LIST:
      return listEnd(json, at, depth);
    case 0x74:
      return literalEnd(json, at, TRUE);
    case 0x66:
      return literalEnd(json, at, FALSE);
    case 0x6e:
      return literalEnd(json, at, NULL);
    default:
      return numberEnd(json, at);
  }
}

/** Of an object without a repeated key, and without keys that an object of JavaScript treats in its own way. */
export function objectEnd(json: Buffer, at: number, depth = 0): number {
  if (json[at] !== OPEN_OBJECT || depth >= MAX_DEPTH) return NOT_CANONICAL;
  let next = at + 1;
  if (json[next] === CLOSE_OBJECT) return next + 1;
  const stack = depth * MAX_KEYS;
  for (let keys = 0; keys < MAX_KEYS; keys++) {
    const key = next;
    next = keyEnd(json, key);
    if (next === NOT_CANONICAL || json[next] !== COLON) return NOT_CANONICAL;
    if (isRepeated(hashOf(json, key + 1, next - 1), stack, keys)) return NOT_CANONICAL;
    next = valueEnd(json, next + 1, depth + 1);
    if (next === NOT_CANONICAL) return NOT_CANONICAL;
    const mark = json[next++];
    if (mark === CLOSE_OBJECT) return next;
    if (mark !== COMMA) return NOT_CANONICAL;
  }
  return NOT_CANONICAL;
}

function listEnd(json: Buffer, at: number, depth: number): number {
  if (depth >= MAX_DEPTH) return NOT_CANONICAL;
  let next = at + 1;
  if (json[next] === CLOSE_LIST) return next + 1;
  for (;;) {
    next = valueEnd(json, next, depth + 1);
    if (next === NOT_CANONICAL) return NOT_CANONICAL;
    const mark = json[next++];
    if (mark === CLOSE_LIST) return next;
    if (mark !== COMMA) return NOT_CANONICAL;
  }
}

function stringEnd(json: Buffer, at: number): number {
  for (let i = at + 1; i < json.length; i++) {
    const byte = json[i] as number;
    if (byte === QUOTE) return i + 1;
    if (byte < FIRST_PRINTABLE) return NOT_CANONICAL;
    if (byte === BACKSLASH) {
      i += 1;
      if (IS_SHORT_ESCAPE[json[i] ?? 0] === 0) return NOT_CANONICAL;
    }
  }
  return NOT_CANONICAL;
}

/** Of text that has no escapes; the place behind its quote. */
export function plainStringEnd(json: Buffer, at: number): number {
  if (json[at] !== QUOTE) return NOT_CANONICAL;
  for (let i = at + 1; i < json.length; i++) {
    const byte = json[i] as number;
    if (byte === QUOTE) return i + 1;
    if (byte < FIRST_PRINTABLE || byte === BACKSLASH) return NOT_CANONICAL;
  }
  return NOT_CANONICAL;
}

/** Numbers as keys come first in an object, whatever was written; `__proto__` is none of its own. */
function keyEnd(json: Buffer, at: number): number {
  const first = json[at + 1] ?? 0;
  if (first === UNDERSCORE || (first >= ZERO && first <= NINE)) return NOT_CANONICAL;
  return plainStringEnd(json, at);
}

function hashOf(json: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (json[i] as number)) | 0;
  return hash;
}

/** Also true, rarely, for another key with the same hash. */
function isRepeated(hash: number, stack: number, keys: number): boolean {
  for (let i = 0; i < keys; i++) if (keyHashes[stack + i] === hash) return true;
  keyHashes[stack + keys] = hash;
  return false;
}

export function numberEnd(json: Buffer, at: number): number {
  const start = json[at] === MINUS ? at + 1 : at;
  const whole = digitsEnd(json, start);
  if (whole === start) return NOT_CANONICAL;
  let end = whole;
  if (json[whole] === POINT) end = digitsEnd(json, whole + 1);
  return IS_OF_NUMBER[json[end] ?? 0] === 0 &&
    isShort(json, start, whole, end) &&
    !isMinusZero(at, start, json, end)
    ? end
    : writtenNumberEnd(json, at);
}

function digitsEnd(json: Buffer, at: number): number {
  let i = at;
  for (let byte = json[i] as number; byte >= ZERO && byte <= NINE; byte = json[i] as number) i += 1;
  return i;
}

/** True when the digits are so few that Number::toString is known to write them again. */
function isShort(json: Buffer, start: number, whole: number, end: number): boolean {
  if (end - start > EXACT_DIGITS) return false;
  const leadingZero = json[start] === ZERO;
  if (whole === end) return !leadingZero || whole === start + 1;
  // Below 0.000001 there is an exponent; a fraction has digits and does not end in 0.
  return (
    end > whole + 1 && json[end - 1] !== ZERO && (!leadingZero || (whole === start + 1 && end <= whole + 7))
  );
}

function isMinusZero(at: number, start: number, json: Buffer, end: number): boolean {
  return start > at && end === start + 1 && json[start] === ZERO;
}

function writtenNumberEnd(json: Buffer, at: number): number {
  let end = at;
  while (IS_OF_NUMBER[json[end] ?? 0] === 1) {
    end += 1;
    if (end - at > LONGEST_NUMBER) return NOT_CANONICAL;
  }
  const text = json.toString('latin1', at, end);
  return String(Number(text)) === text ? end : NOT_CANONICAL;
}
