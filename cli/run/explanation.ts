/** Watches the explanation of a run, for whatever shows it: screens and the page. */
import type { Explanation } from '../../server/contract/index.ts';

export interface ExplanationWatch {
  /** What is known; null: nobody has asked, or it has not been read yet. */
  readonly current: Explanation | null;
  /** Reads it again at once, such as after it was asked for. */
  look(): void;
  close(): void;
}

/** Between two looks in ms: while somebody works at it, and while nobody has asked or there is none. */
const WORKING_MS = 500;
const IDLE_MS = 2_000;

/**
 * Reads the explanation by `read` until it is ready, and calls `onChange` with each that differs from the one before.
 * A reading that fails is no end: it is tried again.
 */
export function watchExplanation(
  read: () => Promise<Explanation | null>,
  onChange: (explanation: Explanation | null) => void,
): ExplanationWatch {
  let current: Explanation | null = null;
  let shown = JSON.stringify(current);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;
  let looks = 0;

  const look = () => {
    clearTimeout(timer);
    const own = ++looks;
    read().then(
      (found) => own === looks && take(found),
      () => own === looks && again(),
    );
  };
  const take = (found: Explanation | null) => {
    if (isClosed) return;
    current = found;
    const text = JSON.stringify(found);
    if (text !== shown) {
      shown = text;
      onChange(found);
    }
    if (found?.state !== 'ready') again();
  };
  const again = () => {
    if (isClosed) return;
    timer = setTimeout(look, current?.state === 'pending' ? WORKING_MS : IDLE_MS);
  };

  look();
  return {
    get current() {
      return current;
    },
    look,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
