/** Below the list: the chosen run in a few lines, and the campaigns. */
import type { CampaignSummary, Run } from '../../../server/contract/index.ts';
import { metricsText } from '../../output/verdict.ts';
import { attemptText } from '../../run/attempts.ts';
import { CAMPAIGN_WORDS, countedSeeds, meanRate, rateText } from '../../run/campaign-progress.ts';
import { counted, formatNumber } from '../../run/format.ts';
import { isLoss, LOSS_SAYS, runOutcome } from '../../run/outcome.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import { settingEntries } from '../../run/setting-entries.ts';
import { alignLeft, wrap } from '../../terminal/columns.ts';
import { framed, innerSize } from '../components/frame.ts';
import { BOLD, DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { CAMPAIGN_COLOR, OUTCOME_COLOR } from '../theme.ts';

export const RunDetailPane = pane<{ run: Run }>('RunDetailPane', ({ run }, { width, height }) => {
  const inner = innerSize(width, height);
  const settings = settingEntries(run)
    .map(([name, value]) => `${name} ${value}`)
    .join('  ');
  const attempt = attemptText(run);
  const lines: Line[] = [
    ...failureLines(run, inner.width),
    ...(attempt === null ? [] : [[span(safeText(attempt), DIM)]]),
    ...wrap(settings, inner.width).map((text): Line => [span(text, DIM)]),
    ...wrap(safeText(metricsText(run.live.metrics)), inner.width).map((text): Line => [span(text)]),
  ];
  const who = run.runner === null ? '' : `on ${safeText(run.runner)}`;
  return framed({ title: `${runName(run)}  ${run.id}`, aside: who, width, height }, lines);
});

function failureLines(run: Run, width: number): Line[] {
  const failure = run.failForensic;
  if (failure === null) return [];
  const outcome = runOutcome(run);
  const loss = isLoss(outcome) ? outcome : null;
  return [
    ...wrap(safeText(failure.message), width)
      .slice(0, 2)
      .map((text): Line => [span(text, BOLD)]),
    ...(loss === null ? [] : [[span(LOSS_SAYS[loss], { color: OUTCOME_COLOR[loss] })]]),
    [span(loss === null ? 'reproduce  ' : 'run again  ', DIM), span(safeText(failure.reproduce))],
  ];
}

export const CampaignsPane = pane<{ campaigns: readonly CampaignSummary[] }>(
  'CampaignsPane',
  ({ campaigns }, { width, height }) => {
    const inner = innerSize(width, height);
    const lines = campaigns.slice(0, inner.height).map((campaign): Line => {
      const { name, state, failures, seedsFailing } = campaign;
      const failed = `${formatNumber(seedsFailing)} failed in ${counted(failures, 'way', 'ways')}`;
      return [
        span(`${alignLeft(safeText(name), 24)}  `),
        span(alignLeft(CAMPAIGN_WORDS[state], 10), { color: CAMPAIGN_COLOR[state] }),
        span(`  ${alignLeft(countedSeeds(campaign), 30)}`),
        span(`  ${alignLeft(rateText(meanRate(campaign)), 14)}`, DIM),
        span(failures === 0 ? '' : `  ${failed}`, { color: 'red' }),
      ];
    });
    return framed({ title: 'Campaigns', aside: 'C opens one', width, height }, lines);
  },
);
