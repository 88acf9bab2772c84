/** Values of statements and rows, as text that is short enough to keep. */
import { createHash } from 'node:crypto';

/** A longer value is told by its beginning, its length and a hash. */
const KEPT_BYTES = 8_192;
const BEGINNING_BYTES = 1_024;

/** The format of value number `index` among so many codes: none means text, one is for all. True: binary. */
export function isBinary(formats: readonly number[], index: number): boolean {
  return (formats.length === 1 ? formats[0] : formats[index]) === 1;
}

/** Text as it is, binary as hex. */
export function decodeValue(bytes: Buffer, binary: boolean): string {
  const encoding = binary ? 'hex' : 'utf8';
  if (bytes.length <= KEPT_BYTES) return bytes.toString(encoding);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return `${bytes.toString(encoding, 0, BEGINNING_BYTES)}… (${bytes.length} bytes, ${hash})`;
}
