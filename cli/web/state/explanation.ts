/** Why a run failed, as the server tells it: asked again while it is being found. */
import { useEffect, useState } from 'preact/hooks';
import type { Explanation } from '../../../server/contract/index.ts';
import { watchExplanation } from '../../run/explanation.ts';
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

const NOT_READ: ExplanationState = { explanation: null, isKnown: false, problem: null };
const NOT_ASKED: ExplanationState = { explanation: null, isKnown: true, problem: null };

/** What is known of the explanation of a run, as long as the component is there. Null: of none. */
export function useExplanation(runId: string | null): ExplanationState {
  const [state, setState] = useState(NOT_READ);
  useEffect(() => {
    if (runId === null) return;
    setState(NOT_READ);
    const over = new AbortController();
    const read = () => readOnce(runId, over.signal, setState);
    const watch = watchExplanation(read, (explanation) =>
      setState(explanation === null ? NOT_ASKED : { explanation, isKnown: true, problem: null }),
    );
    return () => {
      over.abort();
      watch.close();
    };
  }, [runId]);
  return state;
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
