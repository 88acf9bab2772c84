/** Bytes of a stream, made once and written to many sockets: as they are, and framed for chunked transfer. */

export interface Chunk {
  /** Whole frames of the stream. */
  body: Buffer;
  /** `body` as one chunk of HTTP/1.1; shares its memory. */
  chunked: Buffer;
  /** Of the stream, not of HTTP, as they are counted: 0 for heartbeats and for what is no frame. */
  frames: number;
}

/** A frame of which the data are bytes already, a part of `json`. */
export interface Frame {
  /** ASCII, up to and with `data: `. */
  head: string;
  json: Buffer;
  start: number;
  end: number;
}

/** Data has no line breaks, so a blank line ends a frame. */
export const FRAME_END = '\n\n';

/** In bytes, as in a stream. */
export function lengthOf({ head, start, end }: Frame): number {
  return head.length + end - start + FRAME_END.length;
}

/** @param length of all of them together */
export function joinFrames(frames: readonly Frame[], length: number): Chunk {
  return wrap(length, frames.length, (target) => {
    let at = 0;
    for (const { head, json, start, end } of frames) {
      at += target.write(head, at, 'latin1');
      at += json.copy(target, at, start, end);
      at += target.write(FRAME_END, at, 'latin1');
    }
  });
}

export function toChunk(text: string, frames = 1): Chunk {
  return wrap(Buffer.byteLength(text), frames, (target) => target.write(text));
}

/** Whole frames that are bytes already. */
export function rechunk(bytes: Buffer, frames: number): Chunk {
  return wrap(bytes.length, frames, (target) => bytes.copy(target));
}

function wrap(length: number, frames: number, fill: (target: Buffer) => void): Chunk {
  const head = `${length.toString(16)}\r\n`;
  const chunked = Buffer.allocUnsafeSlow(head.length + length + 2);
  chunked.write(head, 'latin1');
  const body = chunked.subarray(head.length, head.length + length);
  fill(body);
  chunked.write('\r\n', head.length + length, 'latin1');
  return { body, chunked, frames };
}
