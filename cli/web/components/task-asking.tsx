/** A task of a run that may be asked for: asks, shows how far it is, gives it up, and says what came of it, or why nothing did. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Task } from '../../../server/contract/index.ts';
import { taskWords } from '../../run/task-words.ts';
import { announce } from '../state/announce.ts';
import { useKeys } from '../state/keys.ts';
import { mayControl, sessionStore } from '../state/session.ts';
import { useStore } from '../state/store.ts';
import type { Asked, AskedKind } from '../state/task.ts';
import { ASK_KEYS } from '../state/why-keys.ts';
import { Panel } from './panel.tsx';

interface Words {
  /** What is done, before anybody has asked for it. */
  how: string;
  ask: string;
  askAgain: string;
  /** While it is worked at, and when nothing came of it. */
  doing: string;
  nothing: string;
  command: (runId: string) => string;
}

const WORDS: Record<AskedKind, Words> = {
  explain: {
    how: 'It is looked for by executing the smallest reproduction again, with its statements listened to.',
    ask: 'Find out why',
    askAgain: 'Look for it again',
    doing: 'Looking for why it broke',
    nothing: 'It is not explained.',
    command: (runId) => `simcity explain ${runId}`,
  },
  shrink: {
    how: 'It is looked for by leaving out operations and faults, as long as the rest fails the same way.',
    ask: 'Make it small',
    askAgain: 'Try again',
    doing: 'Making it small',
    nothing: 'It is not made small.',
    command: (runId) => `simcity shrink ${runId}`,
  },
  verify: {
    how: 'The seed is executed once more, and the two histories are compared event by event.',
    ask: 'Execute again',
    askAgain: 'Execute again',
    doing: 'Executing it again',
    nothing: 'It is not executed again.',
    command: (runId) => `simcity replay ${runId} --verify`,
  },
};

interface TaskAskingProps {
  title: string;
  runId: string;
  asked: Asked<AskedKind>;
  class?: string;
  /** What is known, from the task or besides. */
  children?: ComponentChildren;
}

export function TaskAsking({ title, runId, asked, class: className, children }: TaskAskingProps) {
  const { kind, task, problem, refused, isSending, ask } = asked;
  const { how, doing } = WORDS[kind];
  const isPending = task?.state === 'pending';
  const mayAsk = mayControl(useStore(sessionStore));
  useKeys(ASK_KEYS[kind], ask, mayAsk && !isPending && !isSending);
  useSpoken(WORDS[kind], task?.state ?? null);
  const waiting = task === null ? null : taskWords(kind, task);
  return (
    <Panel title={title} {...(className === undefined ? {} : { class: className })}>
      {children}
      {task === null && <p>{mayAsk ? `Nobody has asked yet. ${how}` : 'Nobody has asked yet.'}</p>}
      {waiting !== null && <p class="task-waiting lines">{waiting}</p>}
      {isPending && <progress aria-label={doing} />}
      {mayAsk && (
        <div class="task-buttons">{isPending ? <Cancel asked={asked} /> : <Ask asked={asked} />}</div>
      )}
      <Elsewhere runId={runId} asked={asked} mayAsk={mayAsk} />
      {(refused ?? problem) !== null && (
        <p class="problem" role="alert">
          {refused ?? problem}
        </p>
      )}
    </Panel>
  );
}

function Ask({ asked: { kind, task, isSending, ask } }: { asked: Asked<AskedKind> }) {
  const { askAgain, ask: first } = WORDS[kind];
  return (
    <button type="button" class="primary" title={ASK_KEYS[kind][0]?.label} disabled={isSending} onClick={ask}>
      {task === null ? first : askAgain}
    </button>
  );
}

function Cancel({ asked: { isSending, cancel } }: { asked: Asked }) {
  return (
    <button type="button" disabled={isSending} onClick={cancel}>
      Cancel
    </button>
  );
}

interface ElsewhereProps {
  runId: string;
  asked: Asked<AskedKind>;
  mayAsk: boolean;
}

/** Where else it can be had, as long as nobody is at it. */
function Elsewhere({ runId, asked: { kind, task }, mayAsk }: ElsewhereProps) {
  if (task?.state === 'ready' || (task?.state === 'pending' && task.progress !== null)) return null;
  const command = <code>{WORDS[kind].command(runId)}</code>;
  if (task?.state === 'pending') {
    return (
      <p class="dim">
        A running <code>simcity up</code> or an open screen of SimCity does, one after another. So does{' '}
        {command}, which can do it for services of your own, too.
      </p>
    );
  }
  return (
    <p class="dim">
      {mayAsk ? <>In a terminal {command} does the same.</> : <>In a terminal {command} does it.</>}
    </p>
  );
}

/** A screen reader is told that it has begun, and that it came to nothing; not each step on the way. */
function useSpoken({ doing, nothing }: Words, state: Task['state'] | null): void {
  const before = useRef(state);
  useEffect(() => {
    if (before.current === state) return;
    before.current = state;
    if (state === 'pending') announce(`${doing}.`);
    if (state === 'none') announce(nothing);
  }, [state, doing, nothing]);
}
