/** The verdict of a run in a few lines, and the exit code that stands for it. */
import type { EndFrame, FailureSummary, Run } from '../../server/contract/index.ts';
import { EXIT } from '../errors.ts';
import { formatNumber, formatSeconds } from '../format.ts';
import { safeLines, safeText, wrap } from '../safe-text.ts';
import { paintStatus, type Style } from './style.ts';

/** How a run ended, from its `end` frame or from its stored row. */
export type Verdict = Pick<
  EndFrame,
  'status' | 'durationSecondsActual' | 'eventIndex' | 'failure' | 'stopReason'
>;

/** The verdict of a run that has ended; null while it goes on. */
export function verdictOf(run: Run): Verdict | null {
  if (run.status !== 'PASS' && run.status !== 'FAIL' && run.status !== 'STOPPED') return null;
  return {
    status: run.status,
    durationSecondsActual: run.durationSecondsActual ?? 0,
    eventIndex: run.live.eventIndex,
    stopReason: run.stopReason,
    failure: run.failForensic,
  };
}

/** 0 PASS, 1 FAIL, 3 STOPPED; 4 when the harness was lost or crashed, which says nothing about the target. */
export function exitCodeOf(verdict: Pick<Verdict, 'status' | 'failure'>): number {
  if (verdict.status === 'PASS') return EXIT.pass;
  if (verdict.status === 'STOPPED') return EXIT.stopped;
  const kind = verdict.failure?.kind;
  return kind === 'harness-lost' || kind === 'harness-crash' ? EXIT.unreachable : EXIT.fail;
}

/** The line that says how it ended. */
export function verdictLine(run: Run, verdict: Verdict, style: Style): string {
  const parts = [
    `${style.bold(paintStatus(style, verdict.status))}`,
    `${safeText(run.scenario)}@${safeText(run.target)}`,
    `seed ${run.seed}`,
    `${formatNumber(verdict.eventIndex + 1)} events in ${formatSeconds(verdict.durationSecondsActual)}`,
  ];
  if (verdict.failure) parts.push(`${verdict.failure.kind}: ${safeText(verdict.failure.invariant)}`);
  else if (verdict.status === 'STOPPED' && verdict.stopReason) parts.push(safeText(verdict.stopReason));
  return parts.join('  ');
}

/** What failed and how to see it again; empty without a failure. */
export function failureLines(run: Run, failure: FailureSummary | null, style: Style): string[] {
  if (failure === null) return [];
  const at = failure.eventIndex === null ? '' : `event ${formatNumber(failure.eventIndex)}: `;
  return [
    `  ${style.red(`${at}${safeLines(failure.message)}`)}`,
    `  reproduce: ${style.bold(safeText(failure.reproduce))}`,
    `  forensics: simcity forensic ${run.id}`,
  ];
}

/** The metrics worth a line at the end, as `name=value`. */
export function metricsText(metrics: Readonly<Record<string, number>>, names?: readonly string[]): string {
  const wanted = names ?? Object.keys(metrics);
  return wanted
    .filter((name) => metrics[name] !== undefined)
    .map((name) => `${safeText(name)}=${Math.round((metrics[name] ?? 0) * 100) / 100}`)
    .join(' ');
}

/** The whole summary: verdict, failure, metrics. */
export function summaryText(
  run: Run,
  verdict: Verdict,
  metrics: Record<string, number>,
  style: Style,
): string {
  const lines = [verdictLine(run, verdict, style), ...failureLines(run, verdict.failure, style)];
  const numbers = metricsText(metrics);
  if (numbers !== '') lines.push(...wrap(numbers, 76).map((line) => `  ${style.dim(line)}`));
  lines.push(`  ${style.dim(`run ${run.id}`)}`);
  return `${lines.join('\n')}\n`;
}
