/** What the server answers, asked for again and again while somebody looks. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../state/announce.ts';
import { askForToken } from '../state/session.ts';
import { type ApiProblem, asProblem } from './api.ts';
import { refreshing } from './refresh.ts';

const REFRESH_MS = 2_000;

/** The newest answer, null before the first; and what was wrong with the last call. `of` tells what is read: another is read anew. */
export function useRefreshed<Answer>(of: string, read: (signal: AbortSignal) => Promise<Answer>) {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const wasLost = useRef(false);
  const reading = useRef(read);
  reading.current = read;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it says what is read.
  useEffect(
    () =>
      refreshing(async (signal) => {
        try {
          setAnswer(await reading.current(signal));
          setProblem(null);
          if (wasLost.current) announce('The server answers again.');
          wasLost.current = false;
        } catch (error) {
          if (signal.aborted || askForToken(error)) return;
          const what = asProblem(error);
          wasLost.current = what.passes;
          setProblem(what);
        }
      }, REFRESH_MS),
    [of],
  );
  return { answer, problem };
}
