/** How a campaign stands, by word, sign and colour. */
import type { CampaignSummary } from '../../../server/contract/index.ts';
import { CAMPAIGN_WORDS } from '../../run/campaign-progress.ts';

export function CampaignBadge({
  campaign,
  isLarge = false,
}: {
  campaign: CampaignSummary;
  isLarge?: boolean;
}) {
  const { state, failures } = campaign;
  const [sign, as] = {
    running: ['●', 'running'],
    done: failures > 0 ? ['✖', 'fail'] : ['✔', 'pass'],
    recording: ['●', 'running'],
    stopped: ['■', 'stopped'],
  }[state];
  return (
    <span class={`badge badge-${as}${isLarge ? ' badge-large' : ''}`}>
      <span aria-hidden="true" class="badge-sign">
        {sign}
      </span>
      <span class="badge-word">{CAMPAIGN_WORDS[state]}</span>
    </span>
  );
}
