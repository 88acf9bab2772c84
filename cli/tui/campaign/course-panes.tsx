/** How a campaign went over time, and after how many operations its seeds failed. */
import type { ChartStyle } from '../../../server/contract/index.ts';
import { rateText } from '../../run/campaign-progress.ts';
import { campaignSeries } from '../../run/campaign-series.ts';
import { formatNumber, formatSeconds } from '../../run/format.ts';
import { untilRows } from '../../run/operations-until.ts';
import { alignRight } from '../../terminal/columns.ts';
import { chart, plotArea, valuesPerColumn } from '../components/chart.ts';
import { framed, innerSize } from '../components/frame.ts';
import { scrolled } from '../components/scroll.ts';
import { DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { CampaignView } from './state.ts';

const EMPTY = 'nothing to draw yet';

interface CourseProps {
  view: CampaignView;
  of: 'seeds' | 'rates';
}

export const CoursePane = pane<CourseProps>('CampaignCoursePane', ({ view, of }, { width, height }) => {
  const place = { ...innerSize(width, height), style: view.charts };
  const { campaign } = view.picture;
  const series = campaign && campaignSeries(campaign, columnsFor(campaign, of, place));
  const title = of === 'seeds' ? 'Seeds through' : 'Seeds a second';
  if (!series) return framed({ title, width, height }, [[span(EMPTY, DIM)]]);
  const last = series[of].at(-1) ?? 0;
  return framed(
    {
      ...{ title, width, height },
      aside: of === 'seeds' ? formatNumber(Math.round(last)) : rateText(last),
      footLeft: '0 s',
      footRight: formatSeconds(series.seconds),
    },
    chart({ ...place, values: series[of], color: of === 'seeds' ? 'cyan' : 'green', empty: EMPTY }),
  );
});

type Campaign = NonNullable<CampaignView['picture']['campaign']>;

/** Values for as many columns as the labels leave. */
function columnsFor(
  campaign: Campaign,
  of: CourseProps['of'],
  place: { width: number; height: number; style: ChartStyle },
): number {
  const values = campaignSeries(campaign, place.width)?.[of] ?? [];
  return plotArea(values, place).columns * valuesPerColumn(place.style);
}

const LABEL = 17;
const COUNT = 9;

export const UntilPane = pane<{ view: CampaignView }>('CampaignUntilPane', ({ view }, { width, height }) => {
  const inner = innerSize(width, height);
  const rows = untilRows(view.picture.campaign?.findings ?? []);
  const bar = Math.max(1, inner.width - LABEL - COUNT - 2);
  const lines = rows.map(
    ({ operations, seeds, share }): Line => [
      span(alignRight(operations, LABEL), DIM),
      span(alignRight(formatNumber(seeds), COUNT)),
      span(`  ${'█'.repeat(seeds === 0 ? 0 : Math.max(1, Math.round(share * bar)))}`, { color: 'red' }),
    ],
  );
  const head: Line = [span(alignRight('OPERATIONS', LABEL), DIM), span(alignRight('SEEDS', COUNT), DIM)];
  return framed(
    { title: 'Operations until a failure', width, height },
    rows.length === 0
      ? [[span('no seed has failed', DIM)]]
      : [head, ...scrolled(lines, view.tops.until, inner.height - 1)],
  );
});
