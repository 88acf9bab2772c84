/** Which sometimes-properties the seeds of a campaign have reached: those that none has at the top. */
import { reachedRows, reachedSeedsText, reachedText } from '../../run/reached-rows.ts';
import { safeText } from '../../run/sanitize.ts';
import { alignLeft, alignRight } from '../../terminal/columns.ts';
import { framed, innerSize } from '../components/frame.ts';
import { scrolled } from '../components/scroll.ts';
import { BOLD, DIM, type Line, span } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';
import type { CampaignView } from './state.ts';

const SEEDS = 24;

export const ReachedPane = pane<{ view: CampaignView }>(
  'CampaignReachedPane',
  ({ view }, { width, height }) => {
    const inner = innerSize(width, height);
    const rows = view.picture.campaign === null ? [] : reachedRows(view.picture.campaign);
    const name = Math.max(0, inner.width - SEEDS);
    const lines = rows.map(
      (row): Line => [
        span(alignLeft(safeText(row.property), name), row.seeds === 0 ? BOLD : {}),
        span(
          alignRight(reachedSeedsText(row), SEEDS),
          row.seeds === 0 ? { color: 'yellow', bold: true } : DIM,
        ),
      ],
    );
    const head: Line = [
      span(alignLeft('SOMETIMES', name), DIM),
      span(alignRight('SEEDS THAT REACHED IT', SEEDS), DIM),
    ];
    return framed(
      { title: 'Sometimes-properties', aside: reachedText(rows), width, height },
      rows.length === 0
        ? [[span('nothing is known of them yet', DIM)]]
        : [head, ...scrolled(lines, view.tops.reached, inner.height - 1)],
    );
  },
);
