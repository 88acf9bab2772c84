/** The stop request of one run: the first reason wins, and whoever listens hears of it once. */
export class StopControl {
  #requested = false;
  #reason: string | null = null;
  #listeners: (() => void)[] = [];

  get requested(): boolean {
    return this.#requested;
  }

  /** Why, as far as it was said; null before a request. */
  get reason(): string | null {
    return this.#reason;
  }

  request(reason: string | null): void {
    if (this.#requested) return;
    this.#requested = true;
    this.#reason = reason;
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** Calls `listener` once a stop is requested; at once when it has been. */
  onRequest(listener: () => void): void {
    if (this.#requested) listener();
    else this.#listeners.push(listener);
  }
}
