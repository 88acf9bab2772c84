/** Which of the operations that the seed plans are begun: all up to a limit, or those that a reduction keeps. */

export class PlanCursor {
  readonly #kept: readonly number[] | null;
  #begun = 0;
  #limit: number;

  /** `kept`: the numbers to begin, ascending; null: every number below `limit`. */
  constructor(limit: number, kept: readonly number[] | null) {
    this.#kept = kept;
    this.#limit = kept ? Math.min(limit, kept.length) : limit;
  }

  /** How many operations were begun. */
  get begun(): number {
    return this.#begun;
  }

  get limit(): number {
    return this.#limit;
  }

  get usedUp(): boolean {
    return this.#begun >= this.#limit;
  }

  /** True when the next operation is one of those with a number up to `n`. */
  isNextUpTo(n: number): boolean {
    return !this.usedUp && (this.#kept?.[this.#begun] ?? this.#begun) <= n;
  }

  /** The number of the next operation, which is begun with this. */
  next(): number {
    const position = this.#begun++;
    return this.#kept ? (this.#kept[position] as number) : position;
  }

  /** Nothing further is begun. */
  windUp(): void {
    this.#limit = Math.min(this.#limit, this.#begun);
  }
}
