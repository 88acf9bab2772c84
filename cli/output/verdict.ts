/** The verdict of a run in a few lines, and the exit code that stands for it. */
import { type EndFrame, isTerminal, type JsonObject, type Run } from '../../server/contract/index.ts';
import { EXIT } from '../process/errors.ts';
import { attemptText } from '../run/attempts.ts';
import { howFarLines, notTestedText } from '../run/closing.ts';
import { formatNumber, formatSeconds } from '../run/format.ts';
import { type Ending, endingOf, isLoss, LOSS_SAYS } from '../run/outcome.ts';
import { proofLines } from '../run/proof.ts';
import { runNameInFull } from '../run/run-name.ts';
import { safeLines, safeText } from '../run/sanitize.ts';
import { wrap } from '../terminal/columns.ts';
import { paintOutcome, type Style } from './style.ts';

/** How a run ended, from its `end` frame or from its stored row. */
export type Verdict = Pick<
  EndFrame,
  'status' | 'durationSecondsActual' | 'eventIndex' | 'failure' | 'stopReason'
>;

/** The verdict of a run that has ended; null while it goes on. */
export function verdictOf(run: Run): Verdict | null {
  if (!isTerminal(run.status)) return null;
  return {
    status: run.status,
    durationSecondsActual: run.durationSecondsActual ?? 0,
    eventIndex: run.live.eventIndex,
    stopReason: run.stopReason,
    failure: run.failForensic,
  };
}

const EXIT_OF: Record<Ending, number> = {
  PASS: EXIT.pass,
  FAIL: EXIT.fail,
  STOPPED: EXIT.stopped,
  LOST: EXIT.unreachable,
  'ADAPTER ERROR': EXIT.usage,
};

/** 0 PASS, 1 FAIL, 3 STOPPED; 4 LOST and 2 ADAPTER ERROR, which say nothing about the service under test. */
export function exitCodeOf(verdict: Pick<Verdict, 'status' | 'failure'>): number {
  return EXIT_OF[endingOf(verdict)];
}

/** The line that says how it ended. `closing`: what its last event says; null, or left out: that is not known. */
export function verdictLine(
  run: Run,
  verdict: Verdict,
  style: Style,
  closing: JsonObject | null = null,
): string {
  const ending = endingOf(verdict);
  const parts = [
    `${style.bold(paintOutcome(style, ending))}`,
    `${safeText(run.scenario)}@${safeText(run.target)}`,
    `seed ${run.seed}`,
    `${formatNumber(verdict.eventIndex + 1)} events in ${formatSeconds(verdict.durationSecondsActual)}`,
  ];
  const { failure } = verdict;
  if (failure) parts.push(isLoss(ending) ? failure.kind : `${failure.kind}: ${safeText(failure.invariant)}`);
  else if (verdict.status === 'STOPPED' && verdict.stopReason) parts.push(safeText(verdict.stopReason));
  else if (verdict.status === 'PASS') parts.push(...[notTestedText(closing)].filter((text) => text !== null));
  return parts.join('  ');
}

/** What failed and how to see it again, or what went wrong with the run itself; empty without either. */
export function failureLines(run: Run, verdict: Pick<Verdict, 'status' | 'failure'>, style: Style): string[] {
  const { failure } = verdict;
  if (failure === null) return [];
  const ending = endingOf(verdict);
  const at = failure.eventIndex === null ? '' : `event ${formatNumber(failure.eventIndex)}: `;
  const message = `${at}${safeLines(failure.message)}`;
  const command = style.bold(safeText(failure.reproduce));
  if (isLoss(ending)) {
    return [
      `  ${style.yellow(message)}`,
      `  ${LOSS_SAYS[ending]}`,
      `  run again: ${command}`,
      `  diagnosis: simcity forensic ${run.number}`,
    ];
  }
  return [
    `  ${style.red(message)}`,
    `  reproduce: ${command}`,
    `  forensics: simcity forensic ${run.number}`,
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
  closing: JsonObject | null = null,
): string {
  const lines = [verdictLine(run, verdict, style, closing), ...failureLines(run, verdict, style)];
  // Of a FAIL only how surely it fails again is of interest.
  const told = verdict.status === 'PASS' ? howFarLines(closing) : proofLines(closing);
  lines.push(...told.map((line) => `  ${line}`));
  const attempt = attemptText(run);
  if (attempt !== null) lines.push(`  ${style.dim(safeText(attempt))}`);
  const numbers = metricsText(metrics);
  if (numbers !== '') lines.push(...wrap(numbers, 76).map((line) => `  ${style.dim(line)}`));
  lines.push(`  ${style.dim(`run ${runNameInFull(run)}`)}`);
  return `${lines.join('\n')}\n`;
}
