/** One request at a time; of those that wait only the newest is made. */
export class Lane {
  #next: (() => Promise<void>) | null = null;
  #isBusy = false;

  ask(work: () => Promise<void>): void {
    this.#next = work;
    if (!this.#isBusy) void this.#go();
  }

  async #go(): Promise<void> {
    this.#isBusy = true;
    while (this.#next !== null) {
      const work = this.#next;
      this.#next = null;
      await work();
    }
    this.#isBusy = false;
  }
}
