/** Why a run failed, as the server tells it: asked again while it is being found. */
import { useEffect, useMemo } from 'preact/hooks';
import type { Explanation } from '../../../server/contract/index.ts';
import { api, asProblem } from '../client/api.ts';
import { askForToken } from './session.ts';
import { Store, useStore } from './store.ts';

export interface ExplanationState {
  /** Null while nobody has asked for it. */
  explanation: Explanation | null;
  /** False until the server has answered once. */
  isKnown: boolean;
  /** What went wrong with the last question; null: nothing. */
  problem: string | null;
}

/** Progress is told about this often. */
const PENDING_MS = 1_000;
/** Nobody has asked, or it was given up: whoever explains it later does so rarely. */
const IDLE_MS = 5_000;

class ExplanationFollower {
  readonly store = new Store<ExplanationState>({ explanation: null, isKnown: false, problem: null });
  readonly #runId: string;
  readonly #over = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(runId: string) {
    this.#runId = runId;
    void this.#read();
  }

  close(): void {
    this.#over.abort();
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    try {
      const explanation = await api.explanation(this.#runId, this.#over.signal);
      this.store.set({ explanation, isKnown: true, problem: null });
    } catch (error) {
      if (this.#over.signal.aborted || askForToken(error)) return;
      const problem = asProblem(error);
      if (problem.status === 404) this.store.set({ explanation: null, isKnown: true, problem: null });
      else this.store.change({ problem: problem.message });
    }
    const { explanation } = this.store.value;
    if (explanation?.state === 'ready' || this.#over.signal.aborted) return;
    const wait = explanation?.state === 'pending' ? PENDING_MS : IDLE_MS;
    this.#timer = setTimeout(() => void this.#read(), wait);
  }
}

const NOT_ASKED = new Store<ExplanationState>({ explanation: null, isKnown: false, problem: null });

/** What is known of the explanation of a run; it is asked for as long as the component is there. Null: of none. */
export function useExplanation(runId: string | null): ExplanationState {
  const follower = useMemo(() => (runId === null ? null : new ExplanationFollower(runId)), [runId]);
  useEffect(() => () => follower?.close(), [follower]);
  return useStore(follower?.store ?? NOT_ASKED);
}
