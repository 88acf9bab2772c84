/** A task of a run, as the server tells it: asked again while it is worked at, asked for, and given up. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Task, TaskKind } from '../../../server/contract/index.ts';
import { type TaskWatch, watchTask } from '../../run/task-watch.ts';
import { api, asProblem } from '../client/api.ts';
import { askForToken } from './session.ts';

/** What a page may ask for: revisions are searched where their repository is. */
export type AskedKind = Exclude<TaskKind, 'bisect'>;

export interface TaskState<Kind extends TaskKind> {
  /** Null while nobody has asked for it. */
  task: Task<Kind> | null;
  /** False until the server has answered once. */
  isKnown: boolean;
  /** What went wrong with the last question; null: nothing. */
  problem: string | null;
}

export interface Asked<Kind extends TaskKind = TaskKind> extends TaskState<Kind> {
  kind: Kind;
  /** True while the server is told to do it, or to give it up. */
  isSending: boolean;
  /** Why the server did not do so; null: it did. */
  refused: string | null;
  ask(): void;
  cancel(): void;
}

const NOT_READ = { task: null, isKnown: false, problem: null };
const NOT_ASKED = { task: null, isKnown: true, problem: null };

/** What is known of a task of a run, as long as the component is there. Null: of none. */
export function useTask<Kind extends TaskKind>(runId: string | null, kind: Kind): Asked<Kind> {
  const [state, setState] = useState<TaskState<Kind>>(NOT_READ);
  const [isSending, setSending] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const watching = useRef<TaskWatch | null>(null);
  useEffect(() => {
    if (runId === null) return;
    setState(NOT_READ);
    const over = new AbortController();
    const read = () => readOnce(runId, kind, over.signal, setState);
    const watch = watchTask<Kind>(read, (task) =>
      setState(task === null ? NOT_ASKED : { task, isKnown: true, problem: null }),
    );
    watching.current = watch;
    return () => {
      over.abort();
      watch.close();
      watching.current = null;
    };
  }, [runId, kind]);
  const tell = useCallback(
    async (call: (runId: string, kind: TaskKind) => Promise<Task>) => {
      if (runId === null) return;
      setSending(true);
      setRefused(null);
      await call(runId, kind).catch((error: unknown) => {
        if (!askForToken(error)) setRefused(asProblem(error).message);
      });
      setSending(false);
      // What came of it, also when it was refused: another may have been first.
      watching.current?.look();
    },
    [runId, kind],
  );
  const ask = useCallback(() => void tell(api.askTask), [tell]);
  const cancel = useCallback(() => void tell(api.cancelTask), [tell]);
  return { ...state, kind, isSending, refused, ask, cancel };
}

/** Calls `onStored` when the task becomes ready while it is looked at: something was stored with the run then. */
export function useStored({ task }: Asked, onStored: () => void): void {
  const before = useRef<Task['state'] | null>(null);
  const state = task?.state ?? null;
  useEffect(() => {
    if (before.current === 'pending' && state === 'ready') onStored();
    before.current = state;
  }, [state, onStored]);
}

type Change<Kind extends TaskKind> = (change: (state: TaskState<Kind>) => TaskState<Kind>) => void;

/** Null: nobody has asked. @throws whatever kept it from being read; it is told too. */
async function readOnce<Kind extends TaskKind>(
  runId: string,
  kind: Kind,
  over: AbortSignal,
  change: Change<Kind>,
): Promise<Task<Kind> | null> {
  try {
    const found = await api.task(runId, kind, over);
    change((state) => (state.problem === null ? state : { ...state, problem: null }));
    return found;
  } catch (error) {
    const { status, message } = asProblem(error);
    if (over.aborted || askForToken(error)) throw error;
    if (status !== 404) {
      change((state) => ({ ...state, problem: message }));
      throw error;
    }
    // That nobody has asked is no change to whoever watches from the beginning.
    change((state) => (state.isKnown && state.problem === null ? state : NOT_ASKED));
    return null;
  }
}
