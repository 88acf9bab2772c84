/** Ids of runs: UUIDs of version 7, so that ids sort by age. */
import { randomBytes } from 'node:crypto';

let lastMs = 0;
let counter = 0;

/** A new id, greater than every one that this process made before. */
export function newRunId(nowMs: number = Date.now()): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = randomBytes(2).readUInt16BE() & 0x7ff;
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
  const random = randomBytes(8);
  random[0] = (random[0]! & 0x3f) | 0x80;
  const time = lastMs.toString(16).padStart(12, '0');
  const tail = random.toString('hex');
  const middle = `7${counter.toString(16).padStart(3, '0')}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${middle}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

/** The lowest and highest id that begin with `prefix` (hexadecimal, dashes optional); null: no prefix of an id. */
export function idRange(prefix: string): { low: string; high: string } | null {
  const digits = prefix.toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]{1,32}$/.test(digits) || !/^[0-9a-f]+(-[0-9a-f]*)*$/i.test(prefix)) return null;
  return { low: asUuid(digits.padEnd(32, '0')), high: asUuid(digits.padEnd(32, 'f')) };
}

/** The end of an id alone (`7f3c`), or with its beginning, as lists shorten it (`019ab2c4…7f3c`, `019ab2c4..7f3c`). */
export function idEnds(given: string): { head: string; tail: string } | null {
  const [, head = '', tail = ''] = /^(?:([0-9a-f]{4,8})(?:…|\.{2,3}))?([0-9a-f]{4,12})$/i.exec(given) ?? [];
  return tail === '' ? null : { head: head.toLowerCase(), tail: tail.toLowerCase() };
}

function asUuid(digits: string): string {
  const parts = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ];
  return parts.join('-');
}
