/** A value that changes as a whole, and who wants to know. */
import { useEffect, useRef, useState } from 'preact/hooks';

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

/** The store's value, null without a store; the component is drawn again when it changes. */
export function useStore<Value>(store: Store<Value>): Value;
export function useStore<Value>(store: Store<Value> | null): Value | null;
export function useStore<Value>(store: Store<Value> | null): Value | null {
  const [, setDrawn] = useState(store?.value);
  useEffect(() => {
    if (store === null) return;
    const draw = () => setDrawn(() => store.value);
    draw();
    return store.subscribe(draw);
  }, [store]);
  return store?.value ?? null;
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

/** `value`, but changing at most every `everyMs`: for what moves faster than anybody reads. */
export function useCalm<Value>(value: Value, everyMs: number): Value {
  const [calm, setCalm] = useState(value);
  const newest = useRef(value);
  newest.current = value;
  const isBehind = calm !== value;
  useEffect(() => {
    if (!isBehind) return;
    const timer = setTimeout(() => setCalm(newest.current), everyMs);
    return () => clearTimeout(timer);
  }, [isBehind, everyMs]);
  return calm;
}
