/** The list of runs on the screen, until one is chosen or the user leaves. */
import type { Api } from '../../client/api.ts';
import type { Context } from '../../context.ts';
import type { Screen } from '../screen.ts';
import type { MissionRequest } from '../start.ts';

export interface BrowseRequest {
  api: Api;
  readOnly: boolean;
  /** The run from which the list was opened; null when it stands for itself. */
  home: MissionRequest | null;
}

/** Resolves to the run to show next; null: leave. */
export async function browseRuns(
  _context: Context,
  _screen: Screen,
  request: BrowseRequest,
): Promise<MissionRequest | null> {
  return request.home;
}
