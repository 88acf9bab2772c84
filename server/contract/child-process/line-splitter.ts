/** Splits what a process prints into lines, within a bound: a line that never ends costs no memory. */
import { StringDecoder } from 'node:string_decoder';

/** UTF-16 code units of a line; what is longer comes in pieces. */
const LONGEST_LINE = 8 * 1024;

export class LineSplitter {
  readonly #onLine: (line: string, whole: boolean) => void;
  readonly #longest: number;
  readonly #decoder = new StringDecoder('utf8');
  #begun = '';
  /** What is begun is not the beginning of its line. */
  #inside = false;

  /** `whole` is false for the pieces of a line that is too long. */
  constructor(onLine: (line: string, whole: boolean) => void, longest = LONGEST_LINE) {
    this.#onLine = onLine;
    this.#longest = longest;
  }

  add(chunk: Buffer): void {
    const lines = (this.#begun + this.#decoder.write(chunk)).split('\n');
    this.#begun = lines.pop() ?? '';
    for (const line of lines) this.#emit(line, true);
    while (this.#begun.length > this.#longest) {
      this.#emit(this.#begun.slice(0, this.#longest), false);
      this.#begun = this.#begun.slice(this.#longest);
    }
  }

  /** Says that nothing more comes: what is begun is the last line. */
  end(): void {
    if (this.#begun !== '') this.#emit(this.#begun, true);
    this.#begun = '';
  }

  #emit(line: string, ends: boolean): void {
    this.#onLine(line, ends && !this.#inside);
    this.#inside = !ends;
  }
}
