/** A queue between callbacks that come when they like and a reader that takes at its own pace. */

export interface Mailbox<T> {
  put(mail: T): void;
  /** The oldest; waits for one. Null once it is closed and empty. */
  take(): Promise<T | null>;
  /** Resolves when fewer than its capacity are waiting, so that a producer can be held back. */
  hasRoom(): Promise<void>;
  close(): void;
}

/** A mailbox that asks producers to pause at `capacity`; `signal` closes it. */
export function createMailbox<T>(capacity: number, signal?: AbortSignal): Mailbox<T> {
  let queue: T[] = [];
  let head = 0;
  let closed = false;
  let wakeReader: (() => void) | null = null;
  let wakeWriters: (() => void)[] = [];

  const waiting = () => queue.length - head;
  const wakeAll = () => {
    wakeReader?.();
    wakeReader = null;
    for (const wake of wakeWriters.splice(0)) wake();
  };
  const close = () => {
    closed = true;
    signal?.removeEventListener('abort', abort);
    wakeAll();
  };
  const abort = () => {
    queue = [];
    head = 0;
    close();
  };
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });

  return {
    put(mail) {
      if (closed) return;
      queue.push(mail);
      wakeReader?.();
      wakeReader = null;
    },
    async take() {
      while (waiting() === 0) {
        if (closed) return null;
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
        });
      }
      const mail = queue[head++] as T;
      if (head > 1_024) {
        queue = queue.slice(head);
        head = 0;
      }
      if (waiting() < capacity) {
        const writers = wakeWriters;
        wakeWriters = [];
        for (const wake of writers) wake();
      }
      return mail;
    },
    async hasRoom() {
      while (!closed && waiting() >= capacity) {
        await new Promise<void>((resolve) => wakeWriters.push(resolve));
      }
    },
    close,
  };
}
