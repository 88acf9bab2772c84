/** How a run stands or ended, by word, sign and colour. */
import type { Outcome } from '../../../server/contract/run-values.ts';

const SIGN: Record<Outcome, string> = {
  QUEUED: '◌',
  RUNNING: '●',
  STOPPING: '◐',
  PASS: '✔',
  FAIL: '✖',
  STOPPED: '■',
  LOST: '▲',
  'ADAPTER ERROR': '▲',
};

export function StatusBadge({ outcome, isLarge = false }: { outcome: Outcome; isLarge?: boolean }) {
  const name = outcome.toLowerCase().replace(' ', '-');
  return (
    <span class={`badge badge-${name}${isLarge ? ' badge-large' : ''}`}>
      <span aria-hidden="true" class="badge-sign">
        {SIGN[outcome]}
      </span>
      {outcome}
    </span>
  );
}
