/** The newest history of a run in memory, as frames, bounded in bytes. */
import type { Cursor } from '../contract/index.ts';
import { type Chunk, FRAME_END, joinFrames, lengthOf, rechunk } from './chunk.ts';
import type { StoredFrame } from './frames.ts';

/** A place in the order of the stream: after event N, after the snapshot that follows it, after event N + 1 … */
export type Place = number;

export function placeOf({ index, after }: Cursor): Place {
  return 2 * index + (after === 'event' ? 0 : 1);
}

export interface Block extends Chunk {
  /** Of each frame, ascending. */
  places: readonly Place[];
}

/** Of one write at most, unless a single frame is longer. */
const BLOCK_BYTES = 256 * 1024;

/** Frames as blocks of at most BLOCK_BYTES, or of one frame. */
export function toBlocks(frames: readonly StoredFrame[]): Block[] {
  const blocks: Block[] = [];
  let first = 0;
  let bytes = 0;
  const close = (end: number) => {
    if (end === first) return;
    const some = frames.slice(first, end);
    blocks.push({ ...joinFrames(some, bytes), places: some.map(({ place }) => place) });
    first = end;
    bytes = 0;
  };
  for (const [i, frame] of frames.entries()) {
    const length = lengthOf(frame);
    if (bytes + length > BLOCK_BYTES) close(i);
    bytes += length;
  }
  close(frames.length);
  return blocks;
}

export class Ring {
  #blocks: Block[] = [];
  #bytes = 0;
  /** Everything after this place is here. */
  #start: Place;
  #last: Place;

  constructor(start: Place) {
    this.#start = start;
    this.#last = start;
  }

  /** The place after the newest frame. */
  get last(): Place {
    return this.#last;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a block and lets go of the oldest ones beyond `limitBytes`. */
  append(block: Block, limitBytes: number): void {
    this.#blocks.push(block);
    this.#bytes += block.chunked.length;
    this.#last = block.places.at(-1) as Place;
    let dropped = 0;
    while (this.#bytes > limitBytes && dropped < this.#blocks.length - 1) {
      const oldest = this.#blocks[dropped] as Block;
      this.#bytes -= oldest.chunked.length;
      this.#start = oldest.places.at(-1) as Place;
      dropped += 1;
    }
    if (dropped > 0) this.#blocks = this.#blocks.slice(dropped);
  }

  /** True when nothing between `place` and the newest frame is missing here. */
  covers(place: Place): boolean {
    return place >= this.#start;
  }

  /** What comes next after `place`, and where it leads; null when that is nothing. Only for a covered place. */
  after(place: Place): { chunk: Chunk; last: Place } | null {
    if (place >= this.#last) return null;
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (((this.#blocks[middle] as Block).places.at(-1) as Place) > place) high = middle;
      else low = middle + 1;
    }
    const block = this.#blocks[low] as Block;
    return { chunk: behind(block, place), last: block.places.at(-1) as Place };
  }
}

/** The frames of a block behind a place within it. */
function behind(block: Block, place: Place): Chunk {
  const skipped = block.places.findIndex((each) => each > place);
  if (skipped <= 0) return block;
  let offset = 0;
  for (let i = 0; i < skipped; i++) offset = block.body.indexOf(FRAME_END, offset) + FRAME_END.length;
  return rechunk(block.body.subarray(offset), block.places.length - skipped);
}
