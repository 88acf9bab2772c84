import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rechunk, toChunk } from '../../server/stream/chunk.ts';
import type { StoredFrame } from '../../server/stream/frames.ts';
import { Ring, toBlocks } from '../../server/stream/ring.ts';

const frame = (place: number, size = 10): StoredFrame => {
  const json = Buffer.from('ü'.repeat(size));
  return { place, head: `id: ${place}\ndata: `, json, start: 0, end: json.length };
};

/** The places of the frames in a piece of a stream. */
const placesIn = (body: Buffer) =>
  [...body.toString().matchAll(/^id: (\d+)$/gm)].map(([, place]) => Number(place));

/** What a reader gets that takes one piece after the other from `place` on. */
function readFrom(ring: Ring, place: number): number[] {
  const seen: number[] = [];
  for (let next = ring.after(place); next !== null; next = ring.after(next.last)) {
    const places = placesIn(next.chunk.body);
    expect(places).toHaveLength(next.chunk.frames);
    expect(places.at(-1)).toBe(next.last);
    seen.push(...places);
  }
  return seen;
}

describe('a chunk', () => {
  it('is its text, and the same as a chunk of HTTP', () => {
    for (const chunk of [toChunk('hä\n\n'), rechunk(Buffer.from('hä\n\n'), 1)]) {
      expect(chunk.body.toString()).toBe('hä\n\n');
      expect(chunk.chunked.toString()).toBe('5\r\nhä\n\n\r\n');
    }
  });
});

describe('the ring', () => {
  it('gives whoever it covers everything after its place, in order, once', () => {
    const appends = fc.array(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 400 })), {
        minLength: 1,
        maxLength: 30,
      }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(appends, fc.integer({ min: 500, max: 20_000 }), (groups, limit) => {
        const ring = new Ring(0);
        const all: number[] = [];
        let place = 0;
        for (const group of groups) {
          const frames = group.map(([step, size]) => {
            place += step;
            return frame(place, size);
          });
          all.push(...frames.map((each) => each.place));
          for (const block of toBlocks(frames)) ring.append(block, limit);
        }
        expect(ring.last).toBe(place);
        for (let from = -1; from <= place; from++) {
          if (ring.covers(from)) expect(readFrom(ring, from)).toEqual(all.filter((each) => each > from));
        }
        expect(ring.covers(place)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is bounded in bytes, down to its newest block', () => {
    const ring = new Ring(0);
    for (let place = 1; place <= 1_000; place++) {
      for (const block of toBlocks([frame(place, 500)])) ring.append(block, 20_000);
      expect(ring.bytes).toBeLessThanOrEqual(20_000);
    }
    for (const block of toBlocks([frame(1_001, 50_000)])) ring.append(block, 20_000);
    expect(readFrom(ring, 1_000)).toEqual([1_001]);
    expect(ring.covers(999)).toBe(false);
  });

  it('writes no more than 256 KiB at once, unless one frame is longer', () => {
    const blocks = toBlocks([
      ...Array.from({ length: 300 }, (_, i) => frame(i + 1, 1_000)),
      frame(301, 200_000),
    ]);
    expect(blocks.flatMap(({ places }) => places)).toHaveLength(301);
    for (const { body, places } of blocks)
      if (places.length > 1) expect(body.length).toBeLessThanOrEqual(262_144);
  });
});
