/** Where there is no story yet of why it broke: asks for it, shows how far it is, gives it up, says why there is none. */
import { useEffect, useRef } from 'preact/hooks';
import { waitingWords } from '../../run/why-words.ts';
import { announce } from '../state/announce.ts';
import type { Explained } from '../state/explanation.ts';
import { useKeys } from '../state/keys.ts';
import { mayControl, sessionStore } from '../state/session.ts';
import { useStore } from '../state/store.ts';
import { ASK_KEYS } from '../state/why-keys.ts';
import { Panel } from './panel.tsx';

interface WhyAskingProps {
  runId: string;
  explained: Explained;
}

export function WhyAsking({ runId, explained }: WhyAskingProps) {
  const { explanation, problem, refused } = explained;
  const isPending = explanation?.state === 'pending';
  const mayAsk = mayControl(useStore(sessionStore));
  useKeys(ASK_KEYS, explained.ask, mayAsk && !isPending && !explained.isSending);
  useSpoken(explanation?.state ?? null);
  return (
    <Panel title="Why it broke" class="why">
      {explanation === null ? (
        <p>
          {mayAsk
            ? 'Nobody has asked yet. It is looked for by executing the smallest reproduction again, with its statements listened to.'
            : 'Nobody has asked yet.'}
        </p>
      ) : (
        <p class="why-waiting lines">{waitingWords(explanation)}</p>
      )}
      {isPending && <progress aria-label="Looking for why it broke" />}
      {mayAsk && (
        <div class="why-buttons">
          {isPending ? <Cancel explained={explained} /> : <Ask explained={explained} />}
        </div>
      )}
      <Elsewhere runId={runId} explained={explained} mayAsk={mayAsk} />
      {(refused ?? problem) !== null && (
        <p class="problem" role="alert">
          {refused ?? problem}
        </p>
      )}
    </Panel>
  );
}

function Ask({ explained: { explanation, isSending, ask } }: { explained: Explained }) {
  return (
    <button type="button" class="primary" title="x" disabled={isSending} onClick={ask}>
      {explanation?.state === 'none' ? 'Look for it again' : 'Find out why'}
    </button>
  );
}

function Cancel({ explained: { isSending, cancel } }: { explained: Explained }) {
  return (
    <button type="button" disabled={isSending} onClick={cancel}>
      Cancel
    </button>
  );
}

/** Where else it can be had, as long as nobody is at it. */
function Elsewhere({ runId, explained: { explanation }, mayAsk }: WhyAskingProps & { mayAsk: boolean }) {
  if (explanation?.state === 'pending' && explanation.progress !== null) return null;
  const command = <code>simcity explain {runId}</code>;
  if (explanation?.state === 'pending') {
    return (
      <p class="dim">
        A running <code>simcity up</code> does, one after another. So does {command}, which can do it for
        services of your own, too.
      </p>
    );
  }
  return (
    <p class="dim">
      {mayAsk ? <>In a terminal {command} does the same.</> : <>In a terminal {command} finds it.</>}
    </p>
  );
}

/** A screen reader is told that it has begun, and that it came to nothing; not each step on the way. */
function useSpoken(state: 'pending' | 'ready' | 'none' | null): void {
  const before = useRef(state);
  useEffect(() => {
    if (before.current === state) return;
    before.current = state;
    if (state === 'pending') announce('Looking for why it broke.');
    if (state === 'none') announce('It is not explained.');
  }, [state]);
}
