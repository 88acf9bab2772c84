/** The list of campaigns, newest first, as they go on. */
import { useEffect, useState } from 'preact/hooks';
import type { CampaignSummary } from '../../../server/contract/index.ts';
import { meanRate, rateText, seedsText } from '../../run/campaign-progress.ts';
import { formatNumber } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { api, asProblem } from '../client/api.ts';
import { useRefreshed } from '../client/use-refreshed.ts';
import { CampaignBadge } from '../components/campaign-badge.tsx';
import { Link } from '../components/link.tsx';
import { askForToken } from '../state/session.ts';

export function CampaignsView() {
  const { answer, problem } = useRefreshed('campaigns', (signal) => api.campaigns(null, signal));
  const [older, setOlder] = useState<{ campaigns: readonly CampaignSummary[]; next: string | null } | null>(
    null,
  );
  const [olderProblem, setOlderProblem] = useState<string | null>(null);
  useEffect(() => {
    document.title = 'Campaigns · SimCity';
  }, []);
  const next = older === null ? (answer?.next ?? null) : older.next;
  const more = async () => {
    try {
      const page = await api.campaigns(next);
      setOlder((before) => ({ ...page, campaigns: [...(before?.campaigns ?? []), ...page.campaigns] }));
      setOlderProblem(null);
    } catch (error) {
      if (!askForToken(error)) setOlderProblem(asProblem(error).message);
    }
  };
  const said = problem === null ? olderProblem : `${problem.message} Trying again.`;
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>Campaigns</h1>
      </div>
      {said !== null && (
        <p class="banner" role="alert">
          {said}
        </p>
      )}
      {answer === null ? (
        <p class="empty">Asking the server for its campaigns…</p>
      ) : (
        <CampaignsTable campaigns={[...answer.campaigns, ...(older?.campaigns ?? [])]} />
      )}
      {next !== null && (
        <div class="actions">
          <button type="button" onClick={more}>
            Show older campaigns
          </button>
        </div>
      )}
    </>
  );
}

function CampaignsTable({ campaigns }: { campaigns: readonly CampaignSummary[] }) {
  if (campaigns.length === 0) return <NoCampaigns />;
  return (
    <div class="panel">
      <table class="runs campaigns">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Campaign</th>
            <th scope="col" class="number">
              Seeds
            </th>
            <th scope="col" class="number wide-only">
              Rate
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col" class="wide-only">
              Last heard of
            </th>
          </tr>
        </thead>
        <tbody>
          {campaigns.map((campaign) => (
            <CampaignRow key={campaign.name} campaign={campaign} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CampaignRow({ campaign }: { campaign: CampaignSummary }) {
  const { name, scenario, target, seedsFailing, failures, updatedAt, config } = campaign;
  return (
    <tr>
      <td>
        <CampaignBadge campaign={campaign} />
      </td>
      <td class="run-name">
        <Link to={{ page: 'campaign', name }}>{safeText(name)}</Link>
        <span class="dim run-more">
          {safeText(scenario)}@{safeText(target)}
          {config.bug !== null && ` bug ${safeText(config.bug)}`}
        </span>
      </td>
      <td class="number">{seedsText(campaign)}</td>
      <td class="number wide-only">{rateText(meanRate(campaign))}</td>
      <td class="number">
        <span class={failures > 0 ? 'broke' : 'dim'}>{formatNumber(seedsFailing)}</span>
        {failures > 0 && <span class="dim block">{waysText(failures)}</span>}
      </td>
      <td class="wide-only">
        <time dateTime={updatedAt}>{new Date(updatedAt).toLocaleString()}</time>
      </td>
    </tr>
  );
}

function waysText(failures: number): string {
  return failures === 1 ? 'in one way' : `in ${formatNumber(failures)} ways`;
}

function NoCampaigns() {
  return (
    <div class="panel empty-state">
      <h2>No campaign yet</h2>
      <p>One executes many seeds at full speed, on a terminal in the directory of this server:</p>
      <p>
        <code>npx simcity campaign --seeds 1..1000</code>
      </p>
    </div>
  );
}
