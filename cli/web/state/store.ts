/** A value that changes as a whole, and who wants to know. */
import { useEffect, useState } from 'preact/hooks';

export class Store<Value> {
  #value: Value;
  readonly #listeners = new Set<() => void>();

  constructor(value: Value) {
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  set(value: Value): void {
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }

  change(change: Partial<Value>): void {
    this.set({ ...this.#value, ...change });
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The store's value; the component is drawn again when it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  const [value, setValue] = useState(store.value);
  useEffect(() => {
    const take = () => setValue(store.value);
    take();
    return store.subscribe(take);
  }, [store]);
  return value;
}

/** This machine's clock, read again every `everyMs` while `moves`. */
export function useNow(everyMs: number, moves: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!moves) return;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, moves]);
  return now;
}
