/** Watches a task of a run, for whatever shows it: screens and the page. */
import type { Outcome, Task, TaskKind } from '../../server/contract/index.ts';

export interface TaskWatch {
  /** Reads it again at once, such as after it was asked for. */
  look(): void;
  close(): void;
}

/** Between two looks in ms: while somebody works at it, and while nobody has asked or there is no result. */
const WORKING_MS = 500;
const IDLE_MS = 2_000;

/** What may be asked for of a run that stands so. */
export function tasksOf(outcome: Outcome): readonly TaskKind[] {
  if (outcome === 'FAIL') return ['explain', 'shrink', 'verify', 'bisect'];
  return outcome === 'PASS' || outcome === 'STOPPED' ? ['verify'] : [];
}

/**
 * Reads the task by `read` until it is ready, and calls `onChange` with each that differs from the one before; null:
 * nobody has asked. A reading that fails is no end: it is tried again.
 */
export function watchTask<Kind extends TaskKind>(
  read: () => Promise<Task<Kind> | null>,
  onChange: (task: Task<Kind> | null) => void,
): TaskWatch {
  let shown = JSON.stringify(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isPending = false;
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
  const take = (found: Task<Kind> | null) => {
    if (isClosed) return;
    isPending = found?.state === 'pending';
    const text = JSON.stringify(found);
    if (text !== shown) {
      shown = text;
      onChange(found);
    }
    if (found?.state !== 'ready') again();
  };
  const again = () => {
    if (isClosed) return;
    timer = setTimeout(look, isPending ? WORKING_MS : IDLE_MS);
  };

  look();
  return {
    look,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
