/** Where requests wait until others that were begun later have left before them. */

/** A request that is to be overtaken waits no longer than this for others, in ms. */
const OVERTAKEN_WITHIN_MS = 20;

export class OvertakingLane {
  #held: { count: number; go: () => void }[] = [];

  /** Resolves once so many requests have passed. */
  wait(count: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(go, OVERTAKEN_WITHIN_MS);
      this.#held.push({ count, go });
    });
  }

  /** A request leaves. */
  pass(): void {
    const due = this.#held.filter((held) => --held.count <= 0);
    if (due.length === 0) return;
    this.#held = this.#held.filter((held) => held.count > 0);
    // After the request that is leaving now.
    for (const held of due) setImmediate(held.go);
  }

  empty(): void {
    for (const held of this.#held.splice(0)) held.go();
  }
}
