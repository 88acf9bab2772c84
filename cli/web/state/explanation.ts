/** Why a run failed, as the server tells it: asked again while it is being found, asked for, and given up. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Explanation } from '../../../server/contract/index.ts';
import { type ExplanationWatch, watchExplanation } from '../../run/explanation.ts';
import { api, asProblem } from '../client/api.ts';
import { askForToken } from './session.ts';

export interface ExplanationState {
  /** Null while nobody has asked for it. */
  explanation: Explanation | null;
  /** False until the server has answered once. */
  isKnown: boolean;
  /** What went wrong with the last question; null: nothing. */
  problem: string | null;
}

export interface Explained extends ExplanationState {
  /** True while the server is told to find it, or to give it up. */
  isSending: boolean;
  /** Why the server did not do so; null: it did. */
  refused: string | null;
  ask(): void;
  cancel(): void;
}

const NOT_READ: ExplanationState = { explanation: null, isKnown: false, problem: null };
const NOT_ASKED: ExplanationState = { explanation: null, isKnown: true, problem: null };

/** What is known of the explanation of a run, as long as the component is there. Null: of none. */
export function useExplanation(runId: string | null): Explained {
  const [state, setState] = useState(NOT_READ);
  const [isSending, setSending] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const watching = useRef<ExplanationWatch | null>(null);
  useEffect(() => {
    if (runId === null) return;
    setState(NOT_READ);
    const over = new AbortController();
    const read = () => readOnce(runId, over.signal, setState);
    const watch = watchExplanation(read, (explanation) =>
      setState(explanation === null ? NOT_ASKED : { explanation, isKnown: true, problem: null }),
    );
    watching.current = watch;
    return () => {
      over.abort();
      watch.close();
      watching.current = null;
    };
  }, [runId]);
  const tell = useCallback(
    async (call: typeof api.explain) => {
      if (runId === null) return;
      setSending(true);
      setRefused(null);
      await call(runId).catch((error: unknown) => {
        if (!askForToken(error)) setRefused(asProblem(error).message);
      });
      setSending(false);
      // What came of it, also when it was refused: another may have been first.
      watching.current?.look();
    },
    [runId],
  );
  const ask = useCallback(() => void tell(api.explain), [tell]);
  const cancel = useCallback(() => void tell(api.cancelExplanation), [tell]);
  return { ...state, isSending, refused, ask, cancel };
}

type Change = (change: (state: ExplanationState) => ExplanationState) => void;

/** Null: nobody has asked. @throws whatever kept it from being read; it is told too. */
async function readOnce(runId: string, over: AbortSignal, change: Change): Promise<Explanation | null> {
  try {
    const found = await api.explanation(runId, over);
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
