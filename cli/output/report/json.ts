/** A run and its verdict as one JSON document for programs. */
import { passOf } from '../../../server/contract/index.ts';
import { VERSION } from '../../process/version.ts';
import { safeJson } from '../../run/sanitize.ts';
import { commandsFor, type ReportData, reportVerdict } from './data.ts';

/** A field may be added; when one changes its meaning or goes, this becomes 3. In 2 `pass` is null for STOPPED. */
const DOCUMENT_VERSION = 2;

export function jsonReport(data: ReportData): string {
  const { run } = data;
  const { status, ending, exitCode, events, seconds, stopReason } = reportVerdict(data);
  return `${safeJson(
    {
      version: DOCUMENT_VERSION,
      tool: { name: 'simcity', version: VERSION },
      run: {
        id: run.id,
        scenario: run.scenario,
        target: run.target,
        seed: run.seed,
        generation: run.generation,
        version: run.version,
        config: run.config,
        createdAt: run.createdAt,
        startedAt: run.startedAt,
        endedAt: run.endedAt,
        runner: run.runner,
        campaign: run.campaign,
        lostAttempts: run.lostAttempts,
      },
      verdict: {
        status,
        outcome: ending,
        pass: status === 'not-ended' ? null : passOf(status),
        exitCode,
        events,
        durationSeconds: seconds,
        stopReason,
      },
      metrics: run.live.metrics,
      failure: run.failForensic,
      commands: commandsFor(data),
    },
    2,
  )}\n`;
}
