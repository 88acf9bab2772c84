/** What every kind of task is prepared from. */
import type { Run } from '../../server/contract/index.ts';
import type { Connected } from '../hosting/connect.ts';
import type { ServerFlags } from '../hosting/find-server.ts';
import type { Worker } from '../hosting/worker.ts';

/** The run, and where and with which of the user's code it may be executed again. */
export interface TaskSubject {
  run: Run;
  connected: Connected;
  flags: ServerFlags;
  /** The most that it may take. */
  maxSeconds: number;
}

/** Ends the worker once `signal` is aborted. Returns the undoing, which ends it as well. */
export function closingAt(signal: AbortSignal, worker: Worker): () => Promise<void> {
  const stop = () => void worker.close();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return async () => {
    signal.removeEventListener('abort', stop);
    await worker.close();
  };
}
