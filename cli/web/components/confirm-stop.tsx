/** Asks before a run is stopped, and stops it. */
import { useState } from 'preact/hooks';
import type { Run } from '../../../server/contract/index.ts';
import { runName } from '../../run/run-name.ts';
import { api, asProblem } from '../client/api.ts';
import { announce } from '../state/announce.ts';
import { askForToken } from '../state/session.ts';
import { Dialog } from './dialog.tsx';

export function ConfirmStop({ run, onClose }: { run: Run; onClose: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isSent, setSent] = useState(false);
  const stop = async () => {
    setSent(true);
    try {
      await api.stop(run.id, 'stopped in the browser');
      announce('The run is asked to stop.');
      onClose();
    } catch (error) {
      setSent(false);
      if (askForToken(error)) onClose();
      else setProblem(asProblem(error).message);
    }
  };
  return (
    <Dialog title="Stop this run?" onClose={onClose}>
      <p>Run {runName(run)} ends as STOPPED, without a verdict. What it did so far stays stored.</p>
      {problem !== null && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="actions">
        <button type="button" onClick={onClose}>
          Let it go on
        </button>
        <button type="button" class="danger" disabled={isSent} onClick={stop}>
          Stop the run
        </button>
      </div>
    </Dialog>
  );
}
