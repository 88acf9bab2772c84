/** The state of a run, by word, sign and colour. */
import type { RunStatus } from '../../../server/contract/run-values.ts';

const SIGN: Record<RunStatus, string> = {
  QUEUED: '◌',
  RUNNING: '●',
  STOPPING: '◐',
  PASS: '✔',
  FAIL: '✖',
  STOPPED: '■',
};

export function StatusBadge({ status, isLarge = false }: { status: RunStatus; isLarge?: boolean }) {
  return (
    <span class={`badge badge-${status.toLowerCase()}${isLarge ? ' badge-large' : ''}`}>
      <span aria-hidden="true" class="badge-sign">
        {SIGN[status]}
      </span>
      {status}
    </span>
  );
}
