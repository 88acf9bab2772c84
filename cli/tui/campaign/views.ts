/** The views of a campaign, and the panes of each. */
import { untilRows } from '../../run/operations-until.ts';
import { reachedRows } from '../../run/reached-rows.ts';
import { runnersOf } from '../../run/runner-words.ts';
import type { Intent } from '../input/intents.ts';
import type { PaneName, Workspace } from '../state/workspace.ts';
import type { CampaignPicture } from './picture.ts';

export type CampaignViewId = 'findings' | 'course' | 'shards' | 'reached';

export const CAMPAIGN_VIEW_INTENTS: Partial<Record<Intent, CampaignViewId>> = {
  'show-findings': 'findings',
  'show-course': 'course',
  'show-shards': 'shards',
  'show-reached': 'reached',
};

/** What is seen of it, and where the user stands. */
export interface CampaignSeen {
  picture: CampaignPicture;
  view: CampaignViewId;
  /** What was said, the newest last, bounded; safe to print. */
  said: readonly string[];
  workspace: Workspace;
}

/** The lists that are scrolled. */
export type CampaignList = 'until' | 'shards' | 'runners' | 'reached';

/** In the order in which the focus goes round. */
export function panesOf(view: CampaignSeen): readonly PaneName[] {
  const { picture, said } = view;
  switch (view.view) {
    case 'findings':
      return [
        { name: 'failures', title: 'Distinct failures' },
        ...(picture.rows.length === 0 ? [] : [{ name: 'failure', title: 'The chosen failure' }]),
        ...(picture.campaign === null ? [] : [{ name: 'progress', title: 'Progress' }]),
        ...(said.length === 0 ? [] : [{ name: 'log', title: 'Log' }]),
      ];
    case 'course':
      return [
        { name: 'seeds', title: 'Seeds through' },
        { name: 'rates', title: 'Seeds a second' },
        { name: 'until', title: 'Operations until a failure' },
      ];
    case 'shards':
      return [
        { name: 'shards', title: 'Shards' },
        { name: 'runners', title: 'Runners' },
      ];
    case 'reached':
      return [{ name: 'reached', title: 'Sometimes-properties' }];
  }
}

/** The list that the keys move in; null: that of what failed. `pane`: where the mouse is, else the one with the focus. */
export function listOf({ view, workspace }: CampaignSeen, pane = workspace.focus): CampaignList | null {
  if (view === 'course') return 'until';
  if (view === 'reached') return 'reached';
  if (view === 'shards') return pane === 'runners' ? 'runners' : 'shards';
  return null;
}

export function countOf({ picture }: CampaignSeen, list: CampaignList): number {
  if (list === 'runners') return runnersOf(picture.runners, picture.name).length;
  if (picture.campaign === null) return 0;
  if (list === 'until') return untilRows(picture.campaign.findings).length;
  return list === 'shards' ? picture.campaign.shardsToSee.length : reachedRows(picture.campaign).length;
}
