/** How many requests may be under way at once, and who waits for room. */

export class Lanes {
  readonly #total: number;
  #idle: number;
  #waiting: (() => void)[] = [];

  constructor(total: number) {
    this.#total = total;
    this.#idle = total;
  }

  get atRest(): boolean {
    return this.#idle === this.#total;
  }

  take(count: number): void {
    this.#idle -= count;
  }

  free(): void {
    this.#idle++;
    this.wake();
  }

  /** Makes everybody who waits look again. */
  wake(): void {
    for (const look of this.#waiting.splice(0)) look();
  }

  /** Resolves when somebody is through, or is woken. */
  change(): Promise<void> {
    return new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when `count` lanes are idle, or once `isOver` says so. */
  async room(count: number, isOver: () => boolean): Promise<void> {
    while (this.#idle < Math.min(count, this.#total) && !isOver()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  rest(isOver: () => boolean): Promise<void> {
    return this.room(this.#total, isOver);
  }
}
