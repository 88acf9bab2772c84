/** Below the list: the chosen run in a few lines, and the campaigns. */
import type { Run } from '../../../server/contract/index.ts';
import { metricsText } from '../../output/verdict.ts';
import { attemptText } from '../../run/attempts.ts';
import { formatNumber } from '../../run/format.ts';
import { isLoss, LOSS_SAYS, runOutcome } from '../../run/outcome.ts';
import type { CampaignRow } from '../../run/run-list.ts';
import { runName } from '../../run/run-name.ts';
import { safeText } from '../../run/sanitize.ts';
import { settingEntries } from '../../run/setting-entries.ts';
import { alignLeft, wrap } from '../../terminal/columns.ts';
import { framed, innerSize } from '../components/frame.ts';
import { BOLD, DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import { OUTCOME_COLOR } from '../theme.ts';

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

export const CampaignsPane = pane<{ rows: readonly CampaignRow[] }>(
  'CampaignsPane',
  ({ rows }, { width, height }) => {
    const inner = innerSize(width, height);
    const lines = rows.slice(0, inner.height).map(
      ({ name, runs, active, failed, unjudged, failures }): Line => [
        span(`${alignLeft(safeText(name), 24)}  `),
        span(`${formatNumber(runs)} recorded`, DIM),
        span(active > 0 ? `  ${formatNumber(active)} active` : '', { color: 'cyan' }),
        span(`  ${formatNumber(failed)} failed`, failed > 0 ? { color: 'red' } : DIM),
        span(unjudged > 0 ? `  ${formatNumber(unjudged)} without a verdict` : '', {
          color: OUTCOME_COLOR.STOPPED,
        }),
        span(failures.length === 0 ? '' : `  ${failures.length} kinds: `, DIM),
        span(failures.map(({ invariant, count }) => `${safeText(invariant)} ${count}×`).join(', ')),
      ],
    );
    return framed({ title: 'Campaigns', width, height }, lines);
  },
);
