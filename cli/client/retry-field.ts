/** Finds the field `retry` in the bytes of an event stream: the package that reads the stream keeps it to itself. */

const NAME = 'retry:';
/** Kept of a line that goes on in the next chunk: more than any number that makes sense. */
const LONGEST = 64;
const FIELD = /(?:^|[\r\n])retry: ?(\d+)(?=[\r\n])/g;
const LF = 0x0a;
const CR = 0x0d;

export class RetryField {
  /** How the line begins that has not ended yet. */
  #line = '';

  /** The time in ms that the newest `retry` in `chunk` says; null without one. What is no number is passed over. */
  take(chunk: Uint8Array): number | null {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const begun = this.#line;
    const lastBreak = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR));
    const rest = bytes.toString('latin1', lastBreak + 1, lastBreak + 1 + LONGEST);
    this.#line = (lastBreak < 0 ? begun + rest : rest).slice(0, LONGEST);
    const mayEndOne = begun !== '' && NAME.startsWith(begun.slice(0, NAME.length));
    if (lastBreak < 0 || !(mayEndOne || bytes.includes(NAME))) return null;
    const [, digits] = [...(begun + bytes.toString('latin1')).matchAll(FIELD)].at(-1) ?? [];
    return digits === undefined ? null : Number(digits);
  }
}
