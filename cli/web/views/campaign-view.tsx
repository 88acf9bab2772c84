/** One campaign: how far it is, how fast, and everything that failed. */

import { useEffect, useRef } from 'preact/hooks';
import type { Campaign, Finding } from '../../../server/contract/index.ts';
import { rangesText } from '../../../server/contract/seed-ranges.ts';
import { formatSignature } from '../../../server/contract/signature-text.ts';
import {
  CAMPAIGN_STATES_MEAN,
  CAMPAIGN_WORDS,
  countedSeeds,
  doingText,
  shareThrough,
} from '../../run/campaign-progress.ts';
import { engineTextOf } from '../../run/engine-text.ts';
import { formatCompact, formatNumber, formatSeconds } from '../../run/format.ts';
import { safeText } from '../../run/sanitize.ts';
import { api } from '../client/api.ts';
import { useCampaign } from '../client/use-campaign.ts';
import { useRefreshed } from '../client/use-refreshed.ts';
import { CampaignBadge } from '../components/campaign-badge.tsx';
import { CampaignCourse } from '../components/campaign-course.tsx';
import { OperationsUntil, Reached } from '../components/campaign-found.tsx';
import { CampaignWork } from '../components/campaign-work.tsx';
import { Copy } from '../components/copy.tsx';
import { Link } from '../components/link.tsx';
import { Panel } from '../components/panel.tsx';
import { ScrollX } from '../components/scroll-x.tsx';
import { announce } from '../state/announce.ts';

export function CampaignView({ name }: { name: string }) {
  const { campaign, problem } = useCampaign(name);
  const { answer: known } = useRefreshed(name, (signal) => api.runners(signal));
  useEffect(() => {
    document.title = `${safeText(name)} · SimCity`;
  }, [name]);
  useAnnouncement(campaign);
  if (campaign === null) {
    if (problem?.status === 404) return <Unknown name={name} />;
    return (
      <p class="empty" role={problem === null ? undefined : 'alert'}>
        {problem === null ? 'Asking for the campaign…' : `${problem.message} Trying again.`}
      </p>
    );
  }
  return (
    <>
      {problem !== null && (
        <p class="banner" role="alert">
          {problem.message} Trying again.
        </p>
      )}
      <Head campaign={campaign} />
      <Progress campaign={campaign} />
      <CampaignCourse campaign={campaign} />
      <Failures findings={campaign.findings} isGoing={campaign.state === 'running'} />
      <OperationsUntil campaign={campaign} />
      <CampaignWork campaign={campaign} runners={known?.runners ?? []} />
      <Reached campaign={campaign} />
    </>
  );
}

function Head({ campaign }: { campaign: Campaign }) {
  const { name, scenario, target, seeds, operations, seconds, seedsFailing, config, updatedAt } = campaign;
  const engine = engineTextOf({ ...campaign, runner: null, startedAt: campaign.createdAt });
  return (
    <div class="run-head campaign-head">
      <div class="run-title">
        <CampaignBadge campaign={campaign} isLarge />
        <h1 tabIndex={-1}>Campaign {safeText(name)}</h1>
      </div>
      <dl class="facts">
        <Fact name="Scenario" value={`${safeText(scenario)}@${safeText(target)}`} />
        <Fact name="Seeds" value={rangesText(seeds)} />
        <Fact
          name="Failed"
          value={formatNumber(seedsFailing)}
          class={seedsFailing > 0 ? 'broke' : undefined}
        />
        <Fact name="Operations" value={formatCompact(operations)} />
        <Fact name="Executing" value={formatSeconds(seconds)} />
        {config.bug !== null && <Fact name="Bug" value={safeText(config.bug)} />}
        {engine !== null && (
          <Fact name="Engine" value={`generation ${engine.generation}, SimCity ${engine.version}`} />
        )}
        <Fact name="Last heard of" value={new Date(updatedAt).toLocaleString()} />
      </dl>
      <div class="run-actions">
        <Link to={{ page: 'runs', status: null, campaign: name }}>Recorded runs</Link>
      </div>
    </div>
  );
}

function Fact({
  name,
  value,
  class: className,
}: {
  name: string;
  value: string;
  class?: string | undefined;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={className}>{value}</dd>
    </div>
  );
}

function Progress({ campaign }: { campaign: Campaign }) {
  const { name, state } = campaign;
  const share = Math.floor(shareThrough(campaign) * 100);
  const meaning = CAMPAIGN_STATES_MEAN[state];
  const command = `simcity campaign --resume ${name}`;
  return (
    <Panel title="Progress" aside={doingText(campaign)}>
      <div class="campaign-progress">
        <progress max={1} value={shareThrough(campaign)} aria-label="How much of it is done" />
        <span class="number">
          {countedSeeds(campaign)}, {share} %
        </span>
      </div>
      {meaning !== undefined && (
        <p class="page-note">
          <span>{meaning} It goes on with:</span>
          <code>{safeText(command)}</code>
          <Copy text={command} />
        </p>
      )}
    </Panel>
  );
}

function Failures({ findings, isGoing }: { findings: readonly Finding[]; isGoing: boolean }) {
  if (findings.length === 0) {
    return <p class="empty">{isGoing ? 'No failure yet.' : 'No seed failed.'}</p>;
  }
  return (
    <Panel title="What failed" aside={`${formatNumber(findings.length)} distinct`}>
      <ScrollX label="What failed, in a table">
        <table class="findings">
          <thead>
            <tr>
              <th scope="col">Failure</th>
              <th scope="col" class="number">
                Seeds
              </th>
              <th scope="col" class="number">
                First
              </th>
              <th scope="col" class="number">
                Operations
              </th>
              <th scope="col">Recorded</th>
            </tr>
          </thead>
          <tbody>
            {findings.map((finding) => (
              <FindingRow key={formatSignature(finding.signature)} finding={finding} />
            ))}
          </tbody>
        </table>
      </ScrollX>
    </Panel>
  );
}

function FindingRow({ finding }: { finding: Finding }) {
  const { signature, message, seeds, firstSeed, seed, reproduce, run, why } = finding;
  return (
    <tr>
      <td class="finding-what">
        <strong>{safeText(formatSignature(signature))}</strong>
        <span class="dim block">{safeText(message)}</span>
        {reproduce !== null && (
          <details>
            <summary>Reproduce</summary>
            <code>{safeText(reproduce)}</code> <Copy text={reproduce} />
          </details>
        )}
      </td>
      <td class="number">{formatNumber(seeds)}</td>
      <td class="number">{firstSeed}</td>
      <td class="number" title={why === '' ? undefined : safeText(why)}>
        {sizeText(finding)}
      </td>
      <td>
        {run === null ? (
          <span class="dim">not yet</span>
        ) : (
          <Link to={{ page: 'run', runId: run.id, view: 'forensics', at: null }}>#{run.number} why</Link>
        )}
        <span class="dim block">seed {seed}</span>
      </td>
    </tr>
  );
}

/** How many operations it takes, and in its smallest reproduction. */
function sizeText({ operations, smallest }: Finding): string {
  return smallest === null
    ? formatNumber(operations)
    : `${formatNumber(operations)} → ${formatNumber(smallest)}`;
}

function Unknown({ name }: { name: string }) {
  return (
    <div class="panel empty-state">
      <h1 tabIndex={-1}>Nothing is known of this campaign</h1>
      <p>
        Nobody has told this server how far {safeText(name)} is. Runs that bear its name may be recorded here.
      </p>
      <p>
        <Link to={{ page: 'runs', status: null, campaign: name }}>Its recorded runs</Link>
      </p>
    </div>
  );
}

/** What a screen reader is told. */
function useAnnouncement(campaign: Campaign | null): void {
  const before = useRef<string | null>(null);
  const state = campaign?.state ?? null;
  useEffect(() => {
    if (state === null) return;
    if (before.current !== null && before.current !== state)
      announce(`The campaign is ${CAMPAIGN_WORDS[state]}.`);
    before.current = state;
  }, [state]);
}
