/** A subscriber that does as little as it can: it counts events, sees that none is missing, and notes delays. */
import { connect, type Socket } from 'node:net';

/** What stands before the index of each event, and nowhere else. */
export interface Mark {
  bytes: Buffer;
  /** A quick look at some bytes of it. */
  isAt(piece: Buffer, at: number): boolean;
}

/** In the JSON of an event: where an event is no frame of its own, and no snapshots come, which have an index too. */
export const IN_JSON: Mark = {
  bytes: Buffer.from('"index":'),
  // "i and x" stand in no other field of an event like those of the bench.
  isAt: (piece, at) =>
    piece[at] === 0x22 && piece[at + 1] === 0x69 && piece[at + 5] === 0x78 && piece[at + 6] === 0x22,
};

/** In the head of a frame: data has no line breaks. */
export const IN_FRAME: Mark = {
  bytes: Buffer.from('event: event\nid: '),
  // A line break is in no data, and `i` follows none but that of this head.
  isAt: (piece, at) => piece[at + 12] === 0x0a && piece[at + 13] === 0x69 && piece[at + 7] === 0x65,
};

const SENT = Buffer.from('"sent":');
const READ_BYTES = 256 * 1024;

/** Some 10^11 µs before this process began; the same in all processes of a bench but at a rare moment. */
const EPOCH_MS = Math.floor(performance.timeOrigin / 1e8) * 1e8 - 1e8;
const SENT_DIGITS = 12;

/** The time that an event carries as `sent`: µs, of SENT_DIGITS digits, so that events are of one length. */
export function sentNow(): number {
  return Math.round((performance.timeOrigin + performance.now() - EPOCH_MS) * 1_000);
}

export interface EventReader {
  /** Index that the next event must have. */
  next: number;
  received: number;
  gaps: number;
  connected: boolean;
  socket: Socket;
}

/** Of a mark and its number that were cut in two. */
const CARRIED_BYTES = 64;

/** All readers read into this, behind what is carried over: what is read is looked at before the next read. */
const shared = Buffer.alloc(CARRIED_BYTES + READ_BYTES);

/** @param onDelay gets milliseconds from `sent` to receipt of every event whose index `notedEvery` divides. */
export function openReader(
  url: string,
  onDelay?: (ms: number) => void,
  notedEvery = 1,
  mark = IN_JSON,
): EventReader {
  const { hostname, port, pathname, search } = new URL(url);
  let carried = Buffer.alloc(0);
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      buffer: shared.subarray(CARRIED_BYTES),
      callback(bytes) {
        take(bytes);
        return true;
      },
    },
  });
  const reader: EventReader = { next: -1, received: 0, gaps: 0, connected: false, socket };
  socket.on('error', () => undefined);
  socket.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAccept: text/event-stream\r\n\r\n`,
  );

  function take(bytes: number): void {
    reader.connected = true;
    // A mark that was cut in two begins in what is carried over.
    const start = CARRIED_BYTES - carried.copy(shared, CARRIED_BYTES - carried.length);
    const piece = shared.subarray(start, CARRIED_BYTES + bytes);
    const counted = countEvents(piece, reader, mark, onDelay ? noteDelay : undefined);
    carried = Buffer.from(piece.subarray(Math.max(counted, piece.length - CARRIED_BYTES)));
  }

  function noteDelay(piece: Buffer, index: number, at: number): void {
    if (index % notedEvery === 0) delayOf(piece, at);
  }

  function delayOf(piece: Buffer, from: number): void {
    const at = piece.indexOf(SENT, from) + SENT.length;
    if (at < SENT.length || at + SENT_DIGITS > piece.length) return;
    onDelay?.((sentNow() - Number(piece.toString('latin1', at, at + SENT_DIGITS))) / 1_000);
  }
  return reader;
}

/**
 * Counts the events of a piece, and returns the place behind the last of them that is whole. Events are of about
 * the same length, so the next mark is looked for where it should be before it is searched, and of the index that
 * stands there its length and last two digits are compared, or all of it where these are to be 00. Where it is not
 * the next one, it is searched after all. Whatever is missing shows: in these digits, or, were it a multiple of a
 * hundred, in the next index that is read as a whole.
 */
function countEvents(
  piece: Buffer,
  reader: EventReader,
  mark: Mark,
  onEvent?: (piece: Buffer, index: number, at: number) => void,
): number {
  const { length } = piece;
  const markBytes = mark.bytes.length;
  let next = reader.next;
  let received = 0;
  let last = Number.NaN;
  let stride = 0;
  let from = 0;
  /** How many the newest index has; none before one was read in this piece. */
  let digits = 0;
  for (;;) {
    const guess = last + stride;
    const guessed = guess >= from && mark.isAt(piece, guess);
    const guessedEnd = guess + markBytes + digits;
    if (guessed && digits > 2 && endsLike(next, piece, guessedEnd)) {
      received += 1;
      onEvent?.(piece, next, guessedEnd);
      next += 1;
      last = guess;
      from = guessedEnd;
      continue;
    }
    const at = guessed ? guess : piece.indexOf(mark.bytes, from);
    if (at === -1) break;
    let end = at + markBytes;
    let index = 0;
    for (; end < length; end++) {
      const digit = (piece[end] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      index = index * 10 + digit;
    }
    if (guessed && (index !== next || end === length)) {
      // Two short events are as long as the one before them.
      stride = 0;
      continue;
    }
    if (end === length) {
      from = at;
      break;
    }
    if (index !== next && next !== -1) reader.gaps += 1;
    next = index + 1;
    received += 1;
    onEvent?.(piece, index, end);
    digits = end - at - markBytes;
    stride = at - last;
    last = at;
    from = end;
  }
  reader.next = next;
  reader.received += received;
  return from;
}

const ZERO = 0x30;

/** True when a number ends at `end` of which the last two digits are those of `index`, which are not 00. */
function endsLike(index: number, piece: Buffer, end: number): boolean {
  const two = index % 100;
  if (two === 0 || end >= piece.length) return false;
  const after = (piece[end] as number) - ZERO;
  const tens = (piece[end - 2] as number) - ZERO;
  const ones = (piece[end - 1] as number) - ZERO;
  return (after < 0 || after > 9) && tens * 10 + ones === two;
}
