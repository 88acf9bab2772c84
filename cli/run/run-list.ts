/** Which runs of a list are active. */
import type { RunStatus } from '../../server/contract/index.ts';

/** True while somebody executes it, so that what it says of its speed is of now. */
export function isExecuted({ status }: { status: RunStatus }): boolean {
  return status === 'RUNNING' || status === 'STOPPING';
}

export function isActive({ status }: { status: RunStatus }): boolean {
  return status === 'QUEUED' || status === 'RUNNING' || status === 'STOPPING';
}
