/** What the screen can be asked to show: a run, or the list of runs. */
import type { Run } from '../../server/contract/index.ts';
import type { Api } from '../client/api.ts';
import type { ViewId } from './state/state.ts';

/** Has runs executed that are launched on a screen. */
export interface Launching {
  /** The name of the runner that alone may take them; null: any may. */
  runner?: () => string | null;
  /** Called with each run that was launched. */
  onLaunched?: (run: Run) => Promise<void> | undefined;
}

/** A run to follow, on the screen or elsewhere. */
export interface FollowedRun extends Launching {
  api: Api;
  run: Run;
  /** True for `run`: the first Ctrl-C stops the run. False for `watch`: it only leaves. */
  owns: boolean;
  /** True when the run is executed in this process, and ends with it. */
  hosted: boolean;
  /** True once this process has taken over what its host executed; left out: it never does. */
  tookOver?: () => boolean;
  exitOnEnd: boolean;
  /** True when mission control may change nothing. */
  readOnly?: boolean;
  /** True to let the server pass over events that a thin link cannot carry, on the screen. */
  thin?: boolean;
}

export interface WatchRequest extends FollowedRun {
  /** Where it begins; Live by default. */
  view?: ViewId;
  /** True when Esc goes back to the list of runs. */
  cameFromList?: boolean;
  /** A run to put beside it. */
  compareWith?: string;
}

export interface ListRequest extends Launching {
  api: Api;
  readOnly: boolean;
  /** True when what runs here ends with leaving. */
  hosted: () => boolean;
  /** Where campaigns are kept; the usual place by default. */
  dataDir?: string | undefined;
}
