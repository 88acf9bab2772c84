/** What an order is carried out with: how it is stopped, and where its lines go. */
import type { SeedRange, WorkerLine } from '../../server/contract/index.ts';
import type { StopControl } from '../harness/stop-control.ts';

export interface WorkerProcess {
  stop: StopControl;
  /** Takes one line; returns a promise while the reader has enough. */
  write: (line: WorkerLine) => void | Promise<void>;
  /** The next seeds of a campaign; null: it is stopped. */
  moreSeeds: () => Promise<readonly SeedRange[] | null>;
  /** The file that a campaign's threads run. */
  threadFile: URL;
}
