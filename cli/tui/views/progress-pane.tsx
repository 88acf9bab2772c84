/** How far the run is, how long it may still take, and how fast the city answers, on one line. */
import { formatClock, formatCompact } from '../../run/format.ts';
import { plannedText } from '../../run/health.ts';
import { BOLD, DIM, type Line, lineWidth, type Span, span, spread } from '../paint/line.ts';
import { pane } from '../paint/pane.tsx';

interface ProgressPaneProps {
  /** 0 to 1; null while nothing tells. */
  share: number | null;
  /** Whole seconds, so that the line does not change with every picture; null while nothing tells. */
  leftSeconds: number | null;
  operations: number;
  operationsPlanned: number;
  durationSeconds: number | null;
  p50: number | undefined;
  p95: number | undefined;
  p99: number | undefined;
  /** Events that the stream is behind the run. */
  lag: number;
  hasEnded: boolean;
}

export const ProgressPane = pane<ProgressPaneProps>('ProgressPane', (props, { width }) => {
  const bar = Math.max(8, Math.min(30, Math.floor(width / 5)));
  const right = latencies(props, width);
  const left = [span(' '), ...barSpans(props.share ?? 0, bar)];
  const room = width - 3 - lineWidth(right) - lineWidth(left);
  // What does not fit as a whole is left out rather than cut.
  let used = 0;
  const said = saidOf(props, width).filter(({ text }) => {
    const fits = used + text.length <= room;
    if (fits) used += text.length;
    return fits;
  });
  return [spread([...left, ...said], right, width - 1)];
});

function barSpans(share: number, width: number): Span[] {
  const full = Math.round(share * width);
  return [
    span('█'.repeat(full), { color: 'cyan' }),
    span('░'.repeat(width - full), DIM),
    span(` ${String(Math.floor(share * 100)).padStart(3)} %`, BOLD),
  ];
}

function saidOf(props: ProgressPaneProps, width: number): Line {
  const { operations, operationsPlanned, durationSeconds, leftSeconds, lag, hasEnded } = props;
  const limit =
    durationSeconds === null || width < 100 ? '' : `  limit ${formatClock(durationSeconds * 1_000, 0)}`;
  const left = leftSeconds === null || hasEnded ? '' : `  ${formatClock(leftSeconds * 1_000, 0)} left`;
  const words = width < 100 ? '' : ' operations';
  return [
    span(`  ${plannedText(operations, operationsPlanned)}${words}`),
    span(lag > 0 ? `  ${formatCompact(lag)} events behind` : '', { color: 'yellow' }),
    span(left, DIM),
    span(limit, DIM),
  ];
}

function latencies({ p50, p95, p99 }: ProgressPaneProps, width: number): Line {
  if (p50 === undefined || p95 === undefined || p99 === undefined || width < 66) return [];
  const text = (ms: number) => formatCompact(Math.round(ms * 10) / 10);
  return [
    span('p50 ', DIM),
    span(text(p50)),
    span('  p95 ', DIM),
    span(text(p95)),
    span('  p99 ', DIM),
    span(text(p99)),
    span(' ms', DIM),
  ];
}
