/** What is remembered within bounds: for one entry too many the oldest goes. */

/** A map of bounded size, from which nothing else is deleted. */
export class NewestMap<K, V> {
  readonly #kept: number;
  readonly #entries = new Map<K, V>();
  /** A ring of its keys, the oldest at `#oldest` once it is full: a Map's first key is behind all that was deleted. */
  readonly #keys: K[] = [];
  #oldest = 0;

  /** `kept`: how many entries, at least 1. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** An entry that is replaced is not newer than before. */
  set(key: K, value: V): void {
    const isNew = !this.#entries.has(key);
    this.#entries.set(key, value);
    if (!isNew) return;
    if (this.#keys.length < this.#kept) {
      this.#keys.push(key);
      return;
    }
    this.#entries.delete(this.#keys[this.#oldest] as K);
    this.#keys[this.#oldest] = key;
    this.#oldest = (this.#oldest + 1) % this.#kept;
  }

  /** Oldest first. */
  values(): IterableIterator<V> {
    return this.#entries.values();
  }
}

/** Sets an entry of a map from which others are deleted, too. Above `most` entries the oldest goes. */
export function setNewest<K, V>(entries: Map<K, V>, key: K, value: V, most: number): void {
  entries.set(key, value);
  if (entries.size > most) entries.delete(entries.keys().next().value as K);
}
