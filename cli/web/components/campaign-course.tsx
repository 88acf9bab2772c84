/** How a campaign went over time: seeds that were through, and seeds a second. */
import type { Campaign } from '../../../server/contract/index.ts';
import { rateText } from '../../run/campaign-progress.ts';
import { campaignSeries } from '../../run/campaign-series.ts';
import { formatNumber, formatSeconds } from '../../run/format.ts';
import { Panel } from './panel.tsx';
import { Sparkline } from './sparkline.tsx';

const STEPS = 120;

export function CampaignCourse({ campaign }: { campaign: Campaign }) {
  const series = campaignSeries(campaign, STEPS);
  if (series === null) return null;
  const { seeds, rates, seconds } = series;
  const [low, high] = [Math.min(...rates), Math.max(...rates)];
  return (
    <div class="campaign-course">
      <Course
        title="Seeds through"
        said={formatNumber(Math.round(seeds.at(-1) ?? 0))}
        values={[0, ...seeds]}
        seconds={seconds}
      />
      <Course
        title="Seeds a second"
        said={`from ${rateText(low)} to ${rateText(high)}, at last ${rateText(rates.at(-1) ?? null)}`}
        values={rates}
        seconds={seconds}
      />
    </div>
  );
}

interface CourseProps {
  title: string;
  said: string;
  seconds: number;
  values: readonly number[];
}

function Course({ title, said, values, seconds }: CourseProps) {
  return (
    <Panel title={title} aside={said} class="campaign-rates">
      <Sparkline values={values} />
      <p class="dim campaign-axis" aria-hidden="true">
        <span>0 s</span>
        <span>{formatSeconds(seconds)}</span>
      </p>
    </Panel>
  );
}
