/** Virtual time's agenda: a binary heap of what is due when; ties go by order of insertion. */

interface Entry {
  atMs: number;
  order: number;
  run: () => void;
}

export class TimerQueue {
  readonly #heap: Entry[] = [];
  #inserted = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the next entry is due, in virtual ms; Infinity when there is none. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** `run` is called when virtual time reaches `atMs`. */
  add(atMs: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { atMs, order: this.#inserted++, run };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[i] = heap[parent] as Entry;
      i = parent;
    }
    heap[i] = entry;
  }

  /**
   * Calls everything due at `nowMs`, in order; what that adds and is due too is called as well. Nothing
   * more once `isHalted`.
   */
  runDue(nowMs: number, isHalted: () => boolean = never): void {
    while (this.nextMs <= nowMs && !isHalted()) this.#pop().run();
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    const size = heap.length;
    if (size === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!before(heap[child] as Entry, last)) break;
      heap[i] = heap[child] as Entry;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

const never = () => false;

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
